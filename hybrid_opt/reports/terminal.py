"""Tables on a terminal."""

from __future__ import annotations

import io

from rich import box
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from ..errors import OptionError
from .table import Table

__all__ = ["print_table", "table_text"]


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
    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for header, side in zip(table.columns, table.align):
        # Figures must not be broken over lines; words may be.
        grid.add_column(
            Text(header), justify=side, overflow="fold", no_wrap=side == "right", header_style="bold"
        )
    for i, row in enumerate(table.rows):
        grid.add_row(*(Text(text) for text in row), style="bold" if i in table.strong else None)
    if table.title:
        console.print(Text(table.title, style="bold"))
    console.print(grid)
    if table.note:
        console.print(Text(table.note, style="dim"))


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
