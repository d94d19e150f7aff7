"""Who is let in, and how the raw body of a call is read."""

from datetime import date, time
from hashlib import sha256

import pyotp
import pytest

from sauda.clock import ManualClock, from_ist
from sauda.errors import ConfigError
from sauda_simulator.calls import parse_call
from sauda_simulator.login import Account, BusinessError, Logins

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NOW = from_ist(date(2026, 11, 30), time(9, 0, 10))


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def credentials(changed: dict[str, str] | None = None, *, at_s: int = 0) -> dict[str, object]:
    good = {
        "uid": "FA00001",
        "pwd": digest("p+w&d"),
        "factor2": pyotp.TOTP(SECRET).at(NOW // 10**9 + at_s),
        "vc": "FA00001_U",
        "appkey": digest("FA00001|api secret"),
    }
    return {**good, **(changed or {})}


@pytest.fixture
def logins() -> Logins:
    return Logins(Account("FA00001", "p+w&d", SECRET, "FA00001_U", "api secret"), ManualClock(NOW))


def test_right_credentials_open_a_session(logins: Logins) -> None:
    token = logins.log_in(credentials())

    assert len(token) == 64
    assert logins.is_valid(token, "FA00001")
    assert not logins.is_valid(token, "FA00002")


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        pytest.param({"pwd": digest("other")}, "Wrong Password", id="password"),
        pytest.param({"uid": "FA00002"}, "Wrong Password", id="user"),
        pytest.param({"factor2": "000000"}, "Invalid OTP", id="otp"),
        pytest.param({"factor2": ""}, "Invalid OTP", id="no otp"),
        pytest.param({"vc": "X"}, "Invalid Vendor code", id="vendor code"),
        pytest.param({"appkey": digest("FA00001|wrong")}, "Invalid App Key", id="api secret"),
    ],
)
def test_a_wrong_credential_is_named(logins: Logins, changed: dict[str, str], text: str) -> None:
    with pytest.raises(BusinessError, match=text):
        logins.log_in(credentials(changed))
    assert not logins.logged_in


@pytest.mark.parametrize(("at_s", "valid"), [(-30, True), (30, True), (-90, False), (90, False)])
def test_a_one_time_password_is_good_for_one_step_to_either_side(
    logins: Logins, at_s: int, valid: bool
) -> None:
    if valid:
        assert logins.log_in(credentials(at_s=at_s))
    else:
        with pytest.raises(BusinessError, match="Invalid OTP"):
            logins.log_in(credentials(at_s=at_s))


def test_a_new_login_ends_the_earlier_session(logins: Logins) -> None:
    first = logins.log_in(credentials())
    second = logins.log_in(credentials())

    assert logins.is_valid(second, "FA00001")
    with pytest.raises(BusinessError, match=r"^Session Expired :  Invalid Session Key$"):
        logins.require(first, "FA00001")


def test_an_expired_session_is_refused(logins: Logins) -> None:
    token = logins.log_in(credentials())
    logins.expire()

    with pytest.raises(BusinessError, match="Session Expired"):
        logins.require(token, "FA00001")


def test_a_useless_totp_secret_is_refused_without_being_shown() -> None:
    with pytest.raises(ConfigError, match="SAUDA_NOREN_TOTP_SECRET") as caught:
        Logins(Account("FA00001", "p", "HUNTER1", "v", "s"), ManualClock(NOW))
    assert "HUNTER1" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_an_account_does_not_print_its_secrets(logins: Logins) -> None:
    assert "FA00001" in repr(logins.account)
    assert "api secret" not in repr(logins.account)
    assert "p+w&d" not in repr(logins.account)


def test_a_body_is_cut_at_the_last_key_and_nowhere_else() -> None:
    call = parse_call('jData={"uid": "U", "remarks": "a+b%20&jKey=c&d", "tsym": "M%26M-EQ"}&jKey=token')

    assert call.token == "token"
    assert call.fields["remarks"] == "a+b%20&jKey=c&d"
    assert call.text("tsym") == "M&M-EQ"


def test_search_text_is_unquoted() -> None:
    assert parse_call('jData={"stext": "NIFTY+01DEC+24500"}').text("stext") == "NIFTY 01DEC 24500"


@pytest.mark.parametrize("body", ["", "uid=1", "jData=", "jData=[1]", "jData={", 'jData={"a": 1&jKey=x'])
def test_a_body_that_is_no_call_is_refused(body: str) -> None:
    with pytest.raises(BusinessError, match="Invalid Input :  jData"):
        parse_call(body)


def test_times_with_a_fraction_are_numbers() -> None:
    call = parse_call('jData={"st": "1795216283.356125", "bad": "x"}')

    assert call.number("st") == 1795216283.356125
    assert call.number("et", 7) == 7
    with pytest.raises(BusinessError, match="bad is not a number"):
        call.number("bad")
