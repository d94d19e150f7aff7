"""`sauda token add|list|revoke`: who may ask the gateway. A token is shown once; only its hash is kept."""

from typing import TYPE_CHECKING, Annotated

import typer

from sauda.cli import screen
from sauda.cli.options import JsonOption
from sauda.contracts import Scope

if TYPE_CHECKING:
    from sauda.tokens import Token, TokenFile

app = typer.Typer(help="Tokens for the gateway: add, list, revoke.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Whose it is: asha, backup-script.")]


@app.command()
def add(
    name: NameArgument,
    scope: Annotated[
        Scope, typer.Option("--scope", help="read: look; trade: also orders and control; admin: also rules.")
    ] = Scope.READ,
    days: Annotated[
        int | None, typer.Option("--days", metavar="N", min=1, max=3650, help="It expires; default: never.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a token and print it: nobody can show it again. It counts at once."""
    from sauda.clock import SystemClock

    secret = _tokens().issue(name, scope, SystemClock().now_ns(), days)
    if as_json:
        screen.json_document({"name": name, "scope": scope.value, "token": secret})
    else:
        screen.line(secret)


@app.command("list")
def show(as_json: JsonOption = False) -> None:
    """List the tokens; never themselves."""
    tokens = _tokens().tokens()
    if as_json:
        screen.json_list(_facts(one) for one in tokens)
        return
    columns = ("NAME", "SCOPE", "MADE", "EXPIRES")
    screen.answer(
        columns, [_row(one) for one in tokens], "there is no token; `sauda token add NAME` makes one"
    )


@app.command()
def revoke(name: NameArgument) -> None:
    """Take a token back: it counts for nothing from the next request on."""
    _tokens().revoke(name)
    screen.line(f"{name} is revoked")


def _tokens() -> "TokenFile":
    from sauda.settings import load_settings
    from sauda.tokens import TokenFile

    return TokenFile(load_settings().gateway_tokens)


def _facts(one: "Token") -> dict[str, object]:
    return {
        "name": one.name,
        "scope": one.scope.value,
        "made_ns": one.made_ns,
        "expires_ns": one.expires_ns,
    }


def _row(one: "Token") -> screen.Row:
    expires = "never" if one.expires_ns is None else screen.instant(one.expires_ns)
    return (one.name, one.scope.value, screen.instant(one.made_ns), expires)
