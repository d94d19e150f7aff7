"""Passwords inside URLs, wherever they stand."""

import pytest

from sauda.masking import masked_url


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("redis://h/0?password=x1&db=2", "redis://h/0?password=***&db=2"),
        ("redis://h/0?db=2&PASSWORD=x1&token=yy", "redis://h/0?db=2&PASSWORD=***&token=***"),
        ("see unix:///run/r.sock?password=p#f now", "see unix:///run/r.sock?password=***#f now"),
        ("postgresql://u:p@h/d?sslmode=on&password=p", "postgresql://u:***@h/d?sslmode=on&password=***"),
        ("at redis://desk:p%2F1@h:1/0.", "at redis://***@h:1/0."),
        ("at redis://:p@q@h:1/0", "at redis://***@h:1/0"),
        ("postgresql://u:p@q@h/d?a=b@c", "postgresql://u:***@h/d?a=b@c"),
        ("redis://a:p@h/0,redis://b@i", "redis://***@h/0,redis://***@i"),
        ("redis+cluster://:p@h:1,i:2", "redis+cluster://***@h:1,i:2"),
        (
            "rediss+sentinel://u:p@h:1,i:2/m?sentinel_username=v&sentinel_password=q&ssl_password=r",
            "rediss+sentinel://***@h:1,i:2/m?sentinel_username=***&sentinel_password=***&ssl_password=***",
        ),
        ("https://h/a?tokens=3&page=2", "https://h/a?tokens=3&page=2"),
    ],
)
def test_a_password_in_a_query_is_masked(url: str, masked: str) -> None:
    assert masked_url(url) == masked
