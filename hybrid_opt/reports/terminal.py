"""Tables on a terminal."""

from __future__ import annotations

import io

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from ..errors import OptionError
from .table import Table

__all__ = ["print_table", "table_text"]

GAP = 3  # characters between columns
LONGEST_WORD = 24  # characters; a longer word may be broken


def print_table(table: Table, console: Console) -> None:
    """Print a table.

    Cells are printed as they are: square brackets are no markup, and a long cell takes more lines.

    Args:
        table: what to print.
        console: where; results belong on standard output.

    Example:
        >>> import io
        >>> print_table(Table(["a"], [["b"]]), Console(file=io.StringIO()))
    """
    widths = _widths(table, console.width)
    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for header, side, width in zip(table.columns, table.align, widths):
        grid.add_column(
            Text(header),
            justify=side,
            overflow="fold",
            no_wrap=side == "right",
            header_style="bold",
            width=width,
        )
    for i, row in enumerate(table.rows):
        grid.add_row(*(Text(text) for text in row), style="bold" if i in table.strong else None)
    if table.title:
        console.print(Text(table.title, style="bold"))
    # Rich cuts what does not fit; a line longer than the terminal loses nothing.
    before = console.width
    console.width = max(before, sum(widths) + GAP * len(widths))
    console.print(grid)
    console.width = before
    if table.note:
        console.print(Text(table.note, style="dim"))


def _widths(table: Table, room: int) -> list[int]:
    """Width of each column in characters: figures whole, texts as wide as fits, no word up to 24 broken."""
    least, most = [], []
    for k, (header, side) in enumerate(zip(table.columns, table.align)):
        cells = [header, *(row[k] for row in table.rows)]
        whole = max((cell_len(line) for cell in cells for line in cell.splitlines()), default=0)
        words = max((cell_len(word) for cell in cells for word in cell.split()), default=0)
        most.append(max(whole, 1))
        least.append(most[-1] if side == "right" else max(min(words, LONGEST_WORD), 1))
    spare = room - GAP * (len(most) - 1) - sum(least)
    widths = list(least)
    while spare > 0 and widths != most:
        # One character at a time to the narrowest that wants more: texts end up about equally wide.
        growing = [k for k in range(len(most)) if widths[k] < most[k]]
        narrowest = min(growing, key=lambda k: (widths[k], k))
        widths[narrowest] += 1
        spare -= 1
    return widths


def table_text(table: Table, width: int = 100) -> str:
    """The table as plain text of fixed width, without colours, wherever it is called.

    Args:
        table: what to show.
        width: characters per line.

    Returns:
        Lines without trailing blanks, each ended by a newline.

    Raises:
        OptionError: the width is below 20.

    Example:
        >>> print(table_text(Table(["Channel", "Spend"], [["TV", 1200]]), 40))
        Channel   Spend
        ───────────────
        TV        1,200
        <BLANKLINE>
    """
    if width < 20:
        raise OptionError(f"width is {width}; give at least 20 characters")
    target = io.StringIO()
    console = Console(
        file=target,
        width=width,
        color_system=None,
        force_terminal=False,
        force_jupyter=False,
        legacy_windows=False,
        emoji=False,
        highlight=False,
        markup=False,
    )
    print_table(table, console)
    return "".join(f"{line.rstrip()}\n" for line in target.getvalue().splitlines())
