"""A refusal names the setting to look at, and no secret ever leaves."""

import io
import logging
import time
from typing import Any

import pytest

from sauda.errors import ConfigError, TransientError
from sauda.settings import Settings
from sauda_feed.noren_login import (
    LIBRARY_LOGGER,
    Account,
    RefusedError,
    ReplyTap,
    account_from,
    ask,
    hint,
    log_in,
)

SECRETS: dict[str, Any] = {
    "noren_user": "FA00001",
    "noren_password": "hush-password",
    "noren_totp_secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
    "noren_vendor_code": "FA00001_U",
    "noren_api_secret": "hush-api-secret",
}


class RefusingApi:
    """Answers a login the way the library does: the reason goes to its debug log, the caller gets None."""

    def __init__(self, emsg: str) -> None:
        self._emsg = emsg

    def login(self, user: str, password: str, *_: str) -> None:
        logging.getLogger(LIBRARY_LOGGER).debug("Req:jData={'pwd': '%s'}", password)
        logging.getLogger(LIBRARY_LOGGER).debug('Reply:{"stat":"Not_Ok","emsg":"%s"}', self._emsg)


def account(**changes: Any) -> Account:
    return account_from(Settings(**{**SECRETS, **changes}))


@pytest.mark.parametrize(
    ("emsg", "setting"),
    [
        ("Invalid Input : Wrong Password", "SAUDA_NOREN_PASSWORD"),
        ("Invalid Input : Invalid OTP", "SAUDA_NOREN_TOTP_SECRET"),
        ("Invalid Input : Invalid Vendor code", "SAUDA_NOREN_VENDOR_CODE"),
        ("Invalid Input : Invalid App Key", "SAUDA_NOREN_API_SECRET"),
        ("Something new", "SAUDA_NOREN_USER"),
    ],
)
def test_a_refusal_names_the_setting_and_hides_what_is_in_it(emsg: str, setting: str) -> None:
    tap, screen = ReplyTap(), io.StringIO()
    tap.install()
    handler = logging.StreamHandler(screen)
    logging.getLogger(LIBRARY_LOGGER).addHandler(handler)
    try:
        with pytest.raises(RefusedError) as refusal:
            log_in(RefusingApi(emsg), account(), tap)
    finally:
        tap.remove()
        logging.getLogger(LIBRARY_LOGGER).removeHandler(handler)

    assert emsg in str(refusal.value)
    assert setting in str(refusal.value)
    assert "hush" not in str(refusal.value) + screen.getvalue()


def test_an_account_shows_no_secret() -> None:
    assert "hush" not in repr(account())


@pytest.mark.parametrize("missing", sorted(SECRETS))
def test_a_missing_setting_is_named(missing: str) -> None:
    with pytest.raises(ConfigError, match=f"SAUDA_{missing.upper()}"):
        account(**{missing: None})


def test_a_real_broker_needs_its_address() -> None:
    with pytest.raises(ConfigError, match="SAUDA_NOREN_HOST"):
        account(source="noren")


def test_a_totp_secret_that_is_none_is_named_and_not_shown() -> None:
    with pytest.raises(ConfigError, match="SAUDA_NOREN_TOTP_SECRET") as refusal:
        account(noren_totp_secret="hush!")
    assert "hush" not in str(refusal.value)


def test_an_address_of_the_wrong_kind_is_named() -> None:
    with pytest.raises(ConfigError, match="SAUDA_NOREN_WEBSOCKET"):
        account(noren_websocket="http://127.0.0.1/")


def test_the_simulators_address_follows_from_its_settings() -> None:
    assert account(sim_host="0.0.0.0", sim_port=9999).host == "http://127.0.0.1:9999/NorenWClientTP/"


def test_an_html_page_is_an_answer_that_is_not_the_brokers() -> None:
    def page() -> None:
        raise ValueError("Expecting value: line 1 column 1")

    with pytest.raises(TransientError, match="502 page"):
        ask(page, "http://broker")


def test_a_call_that_hangs_is_given_up() -> None:
    with pytest.raises(TransientError, match="has not answered"):
        ask(lambda: time.sleep(0.5), "http://broker", deadline_s=0.05)


def test_a_hint_is_given_for_every_reason() -> None:
    assert all("SAUDA_NOREN_" in hint(reason) for reason in ("", "Access Restricted", "Invalid Input"))
