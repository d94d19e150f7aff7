"""The log of a service: events with fields, on the console for people or as JSON for machines.

    2026-11-23 09:20:00.250 level=info channel=orders service=execution order_rejected order=o-17 reason=HALTED

One record is one line, also when it carries a traceback, so that `grep level=error` and `grep channel=orders`
do what they say. The console shows IST; JSON holds UTC. Secrets become `***` before anything is written.
Other libraries' records take the same way, from WARNING on.
"""

import json
import logging
import re
import sys
from collections.abc import Callable
from datetime import UTC
from enum import Enum
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO, cast

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor

from sauda.clock import Clock, SystemClock, clock_text, to_ist
from sauda.errors import ConfigError
from sauda.masking import Mask
from sauda.settings import Settings

_OURS = "sauda"
"""The root of our own loggers; everything else is another library."""
_LOGS_SECRETS = "NorenRestApiPy"
"""Below WARNING the broker's library prints passwords and session keys."""
_ERRORS_FILE_BYTES = 10_000_000
_ERRORS_FILES = 3
_COLOURS = {"warning": "\x1b[33m", "error": "\x1b[31m", "critical": "\x1b[31;1m"}
_NO_COLOUR = "\x1b[0m"
_UNPRINTABLE = re.compile(r"[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What JSON leaves alone but a terminal or `splitlines` acts on."""
_PLAIN_VALUE = re.compile(r"[^\s\"'=\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")
_HEAD = ("level", "channel", "service")

_mask = Mask()


class Channel(Enum):
    """What a record is about."""

    APP = "app"
    WEBSOCKET = "websocket"
    ORDERS = "orders"
    POSITIONS = "positions"
    PNL = "pnl"
    PERFORMANCE = "performance"


def logger(channel: Channel = Channel.APP) -> FilteringBoundLogger:
    """Return the logger of *channel*; it may be made before `configure` is called, not used."""
    return cast("FilteringBoundLogger", structlog.get_logger(_OURS, channel=channel.value))


def hide(secret: str) -> None:
    """Mask *secret*, such as a session's token, in all that is logged from now on."""
    _mask.add(secret)


def configure(
    settings: Settings,
    service: str,
    stream: TextIO | None = None,
    clock: Clock | None = None,
    *,
    counting: Processor | None = None,
) -> None:
    """Send all records of this process to *stream* (standard error), and errors to their own file as well.

    Safe to call again: what an earlier call set up is replaced. *counting* is shown each record of ours that is written.

    Raises:
        ConfigError: the file for errors cannot be opened.
    """
    for secret in settings.secrets():
        _mask.add(secret)
    stamp: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        _stamp(service, clock or SystemClock()),
    ]
    structlog.configure(
        processors=[
            *stamp,
            *([counting] if counting else []),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handlers = [_screen(settings, stream or sys.stderr, stamp)]
    if settings.log_errors_file:
        handlers.append(_errors(settings, settings.log_errors_file, stamp))
    _install(handlers, settings.log_level)


def _stamp(service: str, clock: Clock) -> Processor:
    """Return what gives every record its instant, service and channel."""

    def stamp(_logger: object, _method: str, event: EventDict) -> EventDict:
        event["ts_ns"] = clock.now_ns()
        event.setdefault("service", service)
        event.setdefault("channel", Channel.APP.value)
        return event

    return stamp


class _Ours(logging.Filter):
    """Lets pass what we say ourselves, and other libraries from WARNING on, whatever level they gave themselves."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING or record.name.partition(".")[0] == _OURS


class _ScreenHandler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  (logging's name)
        _say_lost(record)


class _ErrorsHandler(RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        _say_lost(record)


def _say_lost(record: logging.LogRecord) -> None:
    # The default prints the whole record, unmasked. A full disk or a closed pipe must not do that, nor stop us.
    problem = sys.exc_info()[0]
    try:
        sys.stderr.write(
            f"log_record_lost logger={record.name} error={problem.__name__ if problem else '?'}\n"
        )
    except (OSError, ValueError):
        return


def _screen(settings: Settings, stream: TextIO, stamp: list[Processor]) -> logging.Handler:
    handler = _ScreenHandler(stream)
    as_line = _json_line if settings.log_format == "json" else _console_line(colours=stream.isatty())
    return _prepared(handler, as_line, stamp)


def _errors(settings: Settings, path: Path, stamp: list[Processor]) -> logging.Handler:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = _ErrorsHandler(
            path, maxBytes=_ERRORS_FILE_BYTES, backupCount=_ERRORS_FILES, encoding="utf-8"
        )
    except OSError as error:
        raise ConfigError(
            f"SAUDA_LOG_ERRORS_FILE={str(path)!r}: cannot be written: {error.strerror}"
        ) from error
    handler.setLevel(logging.ERROR)
    as_line = _json_line if settings.log_format == "json" else _console_line(colours=False)
    return _prepared(handler, as_line, stamp)


def _prepared(
    handler: logging.Handler, as_line: Callable[[EventDict], str], stamp: list[Processor]
) -> logging.Handler:
    handler.addFilter(_Ours())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                # First the traceback becomes text, then the text is masked.
                structlog.processors.format_exc_info,
                lambda _logger, _method, event: as_line(_masked(event)),
            ],
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *stamp],
        )
    )
    return handler


def _masked(event: EventDict) -> EventDict:
    return {str(name): _mask.value(value, str(name)) for name, value in event.items()}


def _json_line(event: EventDict) -> str:
    instant = to_ist(event.pop("ts_ns")).astimezone(UTC).isoformat(timespec="microseconds")
    head = {name: event.pop(name) for name in (*_HEAD, "event") if name in event}
    # ASCII only: a reader that splits lines at U+2028 still sees one record a line.
    return json.dumps({"ts": instant, **head, **event})


def _console_line(*, colours: bool) -> Callable[[EventDict], str]:
    def line(event: EventDict) -> str:
        colour = _COLOURS.get(str(event.get("level")), "") if colours else ""
        head = [clock_text(event.pop("ts_ns")), *(f"{name}={event.pop(name)}" for name in _HEAD)]
        said = _one_line(str(event.pop("event", "")))[1:-1].replace('\\"', '"')
        fields = [f"{name}={_field(value)}" for name, value in event.items()]
        text = " ".join([*head, said, *fields])
        return f"{colour}{text}{_NO_COLOUR}" if colour else text

    return line


def _field(value: object) -> str:
    return value if isinstance(value, str) and _PLAIN_VALUE.fullmatch(value) else _one_line(value)


def _one_line(value: object) -> str:
    """Return *value* as JSON that people can read and no text can break out of."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _install(handlers: list[logging.Handler], level: str) -> None:
    root = logging.getLogger()
    for old in [one for one in root.handlers if isinstance(one, _ScreenHandler | _ErrorsHandler)]:
        root.removeHandler(old)
        old.close()
    for handler in handlers:
        root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger(_OURS).setLevel(level)
    logging.getLogger(_LOGS_SECRETS).setLevel(logging.WARNING)
