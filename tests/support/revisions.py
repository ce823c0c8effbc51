"""Revision files written by a test, and loaded as Alembic loads them."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from textwrap import indent

from alembic.script import Script

HEAD = '''"""Drop table book; it is only said here."""
import sqlalchemy as sa
from alembic import op

revision = "r1"
down_revision = None
OLD, COLUMN, SCHEMA = "old", "x", "crm"


def helper(name):
    op.drop_table(name)


'''


def revision(directory: Path, downgrade: str, upgrade: str = "pass", name: str = "r1.py") -> Path:
    """Write a revision; where its upgrade has one line, its downgrade begins in line 17."""
    path = directory / name
    bodies = (indent(upgrade, "    "), indent(downgrade, "    "))
    path.write_text(HEAD + "def upgrade():\n{}\ndef downgrade():\n{}\n".format(*bodies), encoding="utf-8")
    return path


def load(path: Path) -> Script:
    """Load a revision."""
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return Script(module, path.stem, str(path))
