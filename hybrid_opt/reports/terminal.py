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
    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for k, (header, side) in enumerate(zip(table.columns, table.align)):
        # Figures must not be broken over lines; words may be, between words.
        cells = [header, *(row[k] for row in table.rows)]
        words = cells if side == "right" else [word for cell in cells for word in cell.split()]
        widest = max((cell_len(word) for word in words), default=0)
        grid.add_column(
            Text(header),
            justify=side,
            overflow="fold",
            no_wrap=side == "right",
            header_style="bold",
            min_width=widest if side == "right" else min(widest, LONGEST_WORD),
        )
    for i, row in enumerate(table.rows):
        grid.add_row(*(Text(text) for text in row), style="bold" if i in table.strong else None)
    if table.title:
        console.print(Text(table.title, style="bold"))
    # Rich cuts cells that must not be broken; a line longer than the terminal loses nothing.
    needed = sum(column.min_width or 0 for column in grid.columns) + GAP * len(grid.columns)
    width = console.width
    console.width = max(width, needed)
    console.print(grid)
    console.width = width
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
