"""One cluster of two processes for all tests of the room."""

from __future__ import annotations

import pytest

pytest.importorskip("distributed", reason="needs the extra distributed")


@pytest.fixture(scope="session")
def cluster():
    from hybrid_opt.distributed import connect

    with connect(workers=2, timeout=120.0) as connected:
        yield connected
