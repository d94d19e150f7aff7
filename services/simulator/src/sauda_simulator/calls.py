"""What a REST call of a Noren client holds: `jData=<json>&jKey=<token>`, raw, without a content type."""

import json
from dataclasses import dataclass
from urllib.parse import unquote_plus

from sauda_simulator.login import BusinessError

_DATA, _KEY = "jData=", "&jKey="
_QUOTED = ("tsym", "stext")
"""Fields whose value the client percent-encodes inside the JSON."""


@dataclass(frozen=True)
class Call:
    """One REST call."""

    fields: dict[str, object]
    token: str | None

    def text(self, name: str) -> str:
        """Return the field *name*.

        Raises:
            BusinessError: it is missing or no text.
        """
        value = self.fields.get(name)
        if not isinstance(value, str) or not value:
            raise BusinessError(f"Invalid Input : {name} is Missing.")
        return value

    def number(self, name: str, default: float | None = None) -> float:
        """Return the field *name* as a number; *default* if it is missing.

        Raises:
            BusinessError: it is missing without a default, or no number.
        """
        value = self.fields.get(name)
        if value is None and default is not None:
            return default
        try:
            return float(str(value))
        except ValueError as error:
            raise BusinessError(f"Invalid Input : {name} is not a number: {value}") from error


def parse_call(body: str) -> Call:
    """Read the raw body of a call.

    The body is not form encoding: `+`, `%` and `&` in its JSON mean themselves, so it is cut at the
    last `&jKey=` and nowhere else.

    Raises:
        BusinessError: there is no jData, or it is not a JSON object.
    """
    head, key, token = body.rpartition(_KEY)
    data = head if key else body
    if not data.startswith(_DATA):
        raise BusinessError("Invalid Input :  jData is Missing.")
    try:
        fields = json.loads(data.removeprefix(_DATA))
    except ValueError as error:
        raise BusinessError("Invalid Input :  jData is not valid json object.") from error
    if not isinstance(fields, dict):
        raise BusinessError("Invalid Input :  jData is not valid json object.")
    for name in _QUOTED:
        if isinstance(fields.get(name), str):
            fields[name] = unquote_plus(fields[name])
    return Call(fields, token.strip() if key else None)
