"""Looking at objects that do not want to be looked at."""

from __future__ import annotations

from typing import Any

import pytest

from alembic_proof.doctor.untouched import is_a


class Lazy:
    """Raises, whatever it is asked, as Flask's request does outside of a request."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)


def test_what_it_is() -> None:
    """Its own type says it, and nobody asks the object."""
    assert not is_a(Lazy(), int, str)
    assert is_a(True, int)
    assert is_a(Lazy, type)
    with pytest.raises(RuntimeError):
        isinstance(Lazy(), int)
