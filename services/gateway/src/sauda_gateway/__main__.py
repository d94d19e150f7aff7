"""The wiring of the gateway: settings -> tokens, the followed desk, the HTTP server."""

import ipaddress
from collections.abc import Sequence

from sauda import service
from sauda.clock import SystemClock
from sauda.errors import ConfigError
from sauda.service import Role
from sauda.settings import Settings
from sauda.tokens import TokenFile
from sauda_gateway.app import make_app
from sauda_gateway.desks import Desks
from sauda_gateway.server import HttpServer


def wire(settings: Settings) -> Sequence[Role]:
    """Build the roles; nothing connects yet.

    Raises:
        ConfigError: it would be open to others without a token.
    """
    check_address(settings)
    desks = Desks(settings)
    app = make_app(settings, desks)
    figures = None
    if settings.metrics_port is not None:
        from sauda_gateway.measured import measured

        figures = measured(app)
    server = HttpServer(app, settings)
    return [
        Role(
            "gateway.desk",
            desks.run,
            lambda: desks.own.ready,
            lambda: {"phase": "following" if desks.own.ready else "reading", "handled": desks.own.handled},
        ),
        Role("gateway.watch", desks.watch.run, lambda: True),
        Role(
            "gateway.http", server.run, lambda: server.started, lambda: {"port": server.port}, figures=figures
        ),
    ]


def check_address(settings: Settings) -> None:
    """Insist on a token where others than this machine can ask.

    Raises:
        ConfigError: there is none.
    """
    if _is_loopback(settings.gateway_host):
        return
    now_ns = SystemClock().now_ns()
    if not any(one.is_valid(now_ns) for one in TokenFile(settings.gateway_tokens).tokens()):
        raise ConfigError(
            f"SAUDA_GATEWAY_HOST={settings.gateway_host}: nobody but this machine may ask without a token, and"
            f" {settings.gateway_tokens} has none: `sauda token add NAME` makes one"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def main() -> None:
    """Run the service until SIGTERM."""
    service.run("gateway", wire)


if __name__ == "__main__":
    main()
