import subprocess
import sys

import pytest

from hybrid_opt import reports


def test_every_public_name_is_there():
    for name in reports.__all__:
        assert getattr(reports, name) is not None
    assert dir(reports) == sorted(reports.__all__)


def test_unknown_name():
    with pytest.raises(AttributeError, match="nothing_like_it"):
        reports.nothing_like_it  # noqa: B018


def test_tables_load_no_matplotlib_and_charts_no_pyplot():
    code = (
        "import sys; from hybrid_opt import reports; reports.table_text; reports.render_page;"
        "print('matplotlib' in sys.modules);"
        "reports.allocation_bars(['a'], [1], [2]); print('matplotlib.pyplot' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "False"]
