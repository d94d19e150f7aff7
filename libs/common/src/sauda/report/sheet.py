"""One self-contained page: its dress, its script, its charts and the charting library, with nothing to fetch.

The library, 4.8 MB of it, is carried packed (gzip) and unpacked by the browser: a page of 2 MB instead of 5.
"""

import base64
import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import Any, Final

from sauda.errors import ConfigError

_WEB: Final = Path(__file__).parent / "web"
_PAGE: Final = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
$style</style>
</head>
<body>
<main>
<header><div><h1>$title</h1><p>$subtitle</p></div><button id="dress" type="button">light / dark</button></header>
$body
</main>
<script id="charts" type="application/json">$charts</script>
<script id="library" type="application/octet-stream">$library</script>
<script>
$script</script>
</body>
</html>
""")

Cell = str | tuple[str, float | int | None]
"""Text; or text and the number that it is sorted and coloured by."""


def sheet(title: str, subtitle: str, body: Iterable[str], charts: Sequence[Mapping[str, Any]]) -> str:
    """Return the page.

    Args:
        title: Plain text, as *subtitle*.
        subtitle: What stands below the title.
        body: Sections of HTML, in order; whatever came from data is escaped already.
        charts: See `sauda.report.charts.Chart`.
    """
    return _PAGE.substitute(
        title=escape(title),
        subtitle=escape(subtitle),
        style=(_WEB / "style.css").read_text(encoding="utf-8"),
        body="\n".join(body),
        charts=_safe(charts),
        library=library(),
        script=(_WEB / "page.js").read_text(encoding="utf-8"),
    )


@cache
def library() -> str:
    """Return the charting library, packed; it is the same for every page.

    Raises:
        ConfigError: plotly is not installed.
    """
    try:
        from plotly.offline import get_plotlyjs
    except ImportError as error:
        raise ConfigError("charts need the library plotly: pip install 'sauda-common[backtest]'") from error
    packed = gzip.compress(get_plotlyjs().encode(), compresslevel=9, mtime=0)
    return base64.b64encode(packed).decode()


def section(title: str, *content: str, kind: str = "") -> str:
    """Return a section; *content* is HTML."""
    mark = f' class="{kind}"' if kind else ""
    return f"<section{mark}><h2>{escape(title)}</h2>\n" + "\n".join(content) + "\n</section>"


def bullets(lines: Iterable[str]) -> str:
    """Return a list of plain sentences."""
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"


def cards(figures: Iterable[tuple[str, str]]) -> str:
    """Return figures side by side."""
    each = "\n".join(f"<div><b>{escape(name)}</b><span>{escape(text)}</span></div>" for name, text in figures)
    return f'<section class="cards">\n{each}\n</section>'


def chart(name: str, *, choice: bool = False) -> str:
    """Return the place of a chart, with a list to choose from above it."""
    chooser = f'<select id="{name}-choice" aria-label="What to show"></select>' if choice else ""
    return f'{chooser}<div id="{name}" class="chart"></div>'


def table(
    columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, sortable: bool = False, chosen: int = -1
) -> str:
    """Return a table.

    Args:
        columns: Titles; one that begins with `>` is of numbers, with `±` of results, coloured by their sign.
        rows: Its cells.
        sortable: Whether a click on a title sorts it.
        chosen: The row that is set off.
    """
    kinds = [column[:1] if column[:1] in {">", "±"} else "" for column in columns]
    head = "".join(
        _cell("th", column.lstrip(">±"), kind) for column, kind in zip(columns, kinds, strict=True)
    )
    lines = []
    for at, row in enumerate(rows):
        cells = "".join(_cell("td", cell, kind) for cell, kind in zip(row, kinds, strict=True))
        lines.append(f'<tr class="chosen">{cells}</tr>' if at == chosen else f"<tr>{cells}</tr>")
    mark = ' class="sortable"' if sortable else ""
    body = "\n".join(lines)
    return f'<div class="wide"><table{mark}><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>'


def folded(title: str, *content: str) -> str:
    """Return something that is shown when asked for."""
    return f"<details><summary>{escape(title)}</summary>\n" + "\n".join(content) + "</details>"


def _cell(tag: str, cell: Cell, kind: str) -> str:
    text, value = cell if isinstance(cell, tuple) else (cell, None)
    classes = ["number"] if kind else []
    if kind == "±" and value:
        classes.append("gain" if value > 0 else "loss")
    mark = f' class="{" ".join(classes)}"' if classes else ""
    by = "" if isinstance(cell, str) else f' data-v="{"" if value is None else value}"'
    return f"<{tag}{mark}{by}>{escape(text)}</{tag}>"


def _safe(value: Any) -> str:
    """Return *value* as JSON that cannot end the script element it stands in, whatever a name in it says."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
