"""No garbage is collected in a block, and afterwards it is as before."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import suppress

import pytest

from alembic_proof.collecting import without_collecting


@pytest.fixture(params=[True, False])
def enabled(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Whether Python collected before."""
    was = gc.isenabled()
    (gc.enable if request.param else gc.disable)()
    yield request.param
    (gc.enable if was else gc.disable)()


def test_without_collecting(enabled: bool) -> None:
    """Also where the block fails."""
    with suppress(LookupError), without_collecting():
        assert not gc.isenabled()
        raise LookupError
    assert gc.isenabled() is enabled
