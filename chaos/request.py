"""What was asked for: `minutes=5 seed=1 runtime=local report=FILE`."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final, Literal, cast

from chaos.schedule import SERVICES
from sauda.errors import ConfigError
from sauda.settings import Settings

USAGE: Final = """\
make chaos [minutes=5] [seed=1] [lease=milliseconds] [straddles=20] [services=feed,pnl] [runtime=local|docker] [report=var/chaos.json]

Breaks a whole desk at random for so many minutes (0.2 to 600), then checks what it recorded.
Exit: 0 nothing lost, doubled or different; 1 a violation, or the desk did not come to rest; 2 wrong usage; 130 stopped by hand."""


@dataclass(frozen=True)
class Request:
    """One run, as it was asked for."""

    minutes: float = 5.0
    seed: int = 1
    lease: int = int(Settings.model_fields["lease_ms"].default)
    """Milliseconds; the desk's own default unless told otherwise."""
    straddles: int = 20
    services: tuple[str, ...] = SERVICES
    """Victims; all of them run."""
    runtime: Literal["local", "docker"] = "local"
    report: Path = Path("var/chaos.json")
    """Where the JSON goes; the text goes to the screen."""

    @classmethod
    def read(cls, words: list[str]) -> "Request":
        """Read `name=value` words.

        Raises:
            ConfigError: a word is none of them; the text names it and says what is possible.
        """
        known = {field.name for field in fields(cls)}
        given: dict[str, str] = {}
        for word in words:
            name, equals, value = word.partition("=")
            if not equals or name not in known:
                raise ConfigError(
                    f"{word!r} is not one of {', '.join(sorted(known))} with a value: minutes=5"
                )
            if value:
                given[name] = value
        request = cls(
            minutes=_number(given, "minutes", cls.minutes, 0.2, 600),
            seed=round(_number(given, "seed", cls.seed, 0, 2**63, whole=True)),
            lease=round(_number(given, "lease", cls.lease, 100, 60_000, whole=True)),
            straddles=round(_number(given, "straddles", cls.straddles, 1, 60, whole=True)),
            services=_services(given.get("services")),
            runtime=cast('Literal["local", "docker"]', given.get("runtime") or cls.runtime),
            report=Path(given.get("report") or cls.report),
        )
        if request.runtime not in ("local", "docker"):
            raise ConfigError(f"runtime={request.runtime!r} is neither local nor docker")
        return request


def _services(text: str | None) -> tuple[str, ...]:
    if text is None:
        return SERVICES
    unknown = [name for name in text.split(",") if name not in SERVICES]
    if unknown:
        raise ConfigError(f"services={text}: {unknown[0]!r} is none of {', '.join(SERVICES)}")
    return tuple(dict.fromkeys(text.split(",")))


def _number(
    given: dict[str, str], name: str, default: float, low: float, high: float, *, whole: bool = False
) -> float:
    text = given.get(name)
    if text is None:
        return default
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        kind = "a whole number" if whole else "a number"
        raise ConfigError(f"{name}={text!r} is not {kind} from {low:g} to {high:g}") from None
    if not low <= value <= high:
        raise ConfigError(f"{name}={text} is not from {low:g} to {high:g}")
    return value
