"""The faults that can be asked for, by name and parameters: for tests of whoever talks to the simulator.

`POST /admin/fault {"kind": "http_502", "requests": 3}` sets one; `{"kind": "clear"}` takes all back.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from sauda.errors import ConfigError

Count: TypeAlias = Annotated[int, Field(ge=0, le=1_000_000)]


class _Fault(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Mute(_Fault):
    """The open sockets fall silent and stay open: nothing is sent, no ping answered. So do the next `next_sockets` to open."""

    kind: Literal["mute"]
    next_sockets: Count = 0


class Drop(_Fault):
    """Cut all sockets off without a word, or with a close frame if `code` is given."""

    kind: Literal["drop"]
    code: Annotated[int, Field(ge=1000, le=4999)] | None = None


class Kick(_Fault):
    """Close all sockets as if a second one of the same user had connected."""

    kind: Literal["kick"]


class ExpireSession(_Fault):
    """End the session; with `drop` the sockets are cut off too, so that the client must come back."""

    kind: Literal["expire_session"]
    drop: bool = True


class Http502(_Fault):
    """The next `requests` REST calls get a 502 page in HTML."""

    kind: Literal["http_502"]
    requests: Count = 1


class Ws502(_Fault):
    """The next `requests` WebSocket upgrades get a 502 page."""

    kind: Literal["ws_502"]
    requests: Count = 1


class Malformed(_Fault):
    """Send `text`, which is not what it should be, to all sockets."""

    kind: Literal["malformed"]
    text: str = '{"t":"tf","e":"NFO","tk":'


class HalfFrame(_Fault):
    """Send the first half of a frame to all sockets, and cut them off in the middle of it."""

    kind: Literal["half_frame"]


class RefuseLogin(_Fault):
    """The next `requests` logins are refused, as for a wrong password."""

    kind: Literal["refuse_login"]
    requests: Count = 1


class StaleSnapshot(_Fault):
    """Begin each subscription with the market of `seconds` ago, as a cache does that nobody has refreshed; 0 ends it."""

    kind: Literal["stale_snapshot"]
    seconds: Annotated[int, Field(ge=0, le=86_400)] = 60


class Duplicate(_Fault):
    """Send each of the next `frames` updates twice."""

    kind: Literal["duplicate"]
    frames: Count = 10


class OutOfOrder(_Fault):
    """Hold back each of the next `frames` updates until the following one of its instrument is out."""

    kind: Literal["out_of_order"]
    frames: Count = 10


class MissingLp(_Fault):
    """Leave `lp` out of everything said about `instrument` (`NFO|45123` or `NFO:NIFTY01DEC26C24500`)."""

    kind: Literal["missing_lp"]
    instrument: str
    on: bool = True


class TokenCap(_Fault):
    """Only the first `limit` subscriptions of a socket deliver, the rest silently nothing; 0 is no cap."""

    kind: Literal["token_cap"]
    limit: Count


class Latency(_Fault):
    """Answer REST calls `rest_ms` late, send updates `ws_ms` late."""

    kind: Literal["latency"]
    rest_ms: Annotated[int, Field(ge=0, le=120_000)] = 0
    ws_ms: Annotated[int, Field(ge=0, le=120_000)] = 0


class SlowSpan(_Fault):
    """Answer SpanCalc `ms` late; 0 ends it."""

    kind: Literal["slow_span"]
    ms: Annotated[int, Field(ge=0, le=120_000)] = 10_000


class FailingSpan(_Fault):
    """The next `requests` calls of SpanCalc get `text` for an answer; without one, a 502 page."""

    kind: Literal["failing_span"]
    requests: Count = 1
    text: str | None = None


class SecondSocket(_Fault):
    """Let a user have several sockets at once instead of kicking the earlier one."""

    kind: Literal["second_socket"]
    allow: bool = True


class Clear(_Fault):
    """Take all faults back; what was dropped or expired stays so."""

    kind: Literal["clear"]


Fault: TypeAlias = (
    Mute
    | Drop
    | Kick
    | ExpireSession
    | Http502
    | Ws502
    | Malformed
    | HalfFrame
    | RefuseLogin
    | StaleSnapshot
    | Duplicate
    | OutOfOrder
    | MissingLp
    | TokenCap
    | Latency
    | SlowSpan
    | FailingSpan
    | SecondSocket
    | Clear
)
KINDS: tuple[type[_Fault], ...] = (
    Mute, Drop, Kick, ExpireSession, Http502, Ws502, Malformed, HalfFrame, RefuseLogin, StaleSnapshot,
    Duplicate, OutOfOrder, MissingLp, TokenCap, Latency, SlowSpan, FailingSpan,
    SecondSocket, Clear,
)  # fmt: skip
_fault: TypeAdapter[Fault] = TypeAdapter(Annotated[Fault, Field(discriminator="kind")])


def parse_fault(asked: object) -> Fault:
    """Read a fault.

    Raises:
        ConfigError: the kind or a parameter is unknown or impossible; the text names it.
    """
    try:
        return _fault.validate_python(asked)
    except ValidationError as error:
        raise ConfigError("; ".join(_explained(one) for one in error.errors())) from error


def _explained(problem: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in problem["loc"][1:]) or "fault"
    if problem["type"] == "union_tag_invalid":
        return f"kind: unknown fault {problem['ctx']['tag']!r}, known are {problem['ctx']['expected_tags']}"
    if problem["type"] == "extra_forbidden":
        return f"{place}: {problem['loc'][0]} has no such parameter"
    return f"{place}: {problem['msg']}"
