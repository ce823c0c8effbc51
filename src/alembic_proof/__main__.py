"""``python -m alembic_proof`` is the same as the console script ``alembic-proof``."""

from __future__ import annotations

from .cli.entry import run_module

if __name__ == "__main__":
    run_module()
