"""Numbers formatted in any of the usual ways and read back: equal, or refused, never another number."""

from pathlib import Path

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from hybrid_opt.errors import TableError
from hybrid_opt.planning.table import Column, read_table

COLUMNS = (Column("channel", "text", unique=True), Column("max", "number"))
STYLES = [(",", "."), (".", ","), (" ", ","), (" ", "."), ("'", "."), ("", "."), ("", ",")]


def written(cents: int, decimals: int, style: tuple[str, str], brackets: bool) -> str:
    thousands, mark = style
    whole, rest = divmod(abs(cents), 10**decimals)
    text = f"{whole:,}".replace(",", thousands)
    text += f"{mark}{rest:0{decimals}d}" if decimals else ""
    if cents < 0:
        return f"({text})" if brackets else f"-{text}"
    return text


@given(
    st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=6),
    st.integers(0, 3),
    st.sampled_from(STYLES),
    st.sampled_from(["", "\u20ac", "USD "]),
    st.booleans(),
    st.sampled_from([";", "\t", None]),
)
def test_what_is_read_is_what_was_written(
    tmp_path_factory: object,
    amounts: list[int],
    decimals: int,
    style: tuple[str, str],
    currency: str,
    brackets: bool,
    separator: str | None,
) -> None:
    cells = [currency + written(amount, decimals, style, brackets) for amount in amounts]
    names = [f"c{i}" for i in range(len(cells))]
    source: pd.DataFrame | Path = pd.DataFrame({"channel": names, "max": cells})
    if separator is not None:
        source = tmp_path_factory.getbasetemp() / "numbers.csv"  # type: ignore[attr-defined]
        rows = "\n".join(f"{name}{separator}{cell}" for name, cell in zip(names, cells))
        source.write_text(f"channel{separator}max\n{rows}\n", encoding="utf-8")
    try:
        table = read_table(source, COLUMNS)
    except TableError as error:
        if "can mean" not in str(error):
            raise
        return
    wanted = [amount / 10**decimals for amount in amounts]
    assert table.frame["max"].tolist() == wanted
