"""The lines that destroy data say so."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Column, Date, DateTime, Integer, MetaData, Table
from support.lab import Lab, making_lab


def models(type_: type[Date] | type[DateTime], *more: str) -> MetaData:
    """Return a table."""
    metadata = MetaData()
    Table(
        "t", metadata, Column("id", Integer, primary_key=True), Column("seen", type_), *(Column(n, Date) for n in more)
    )
    return metadata


def test_the_lines_of_the_upgrade_are_marked(lab: Lab) -> None:
    """A drop, and a type that holds less; in the downgrade nothing."""
    lab.change(models(DateTime, "gone"))
    upgrade, _, downgrade = lab.change(models(Date), "allow-drop").partition("def downgrade")
    assert upgrade.count("  # destroys data\n") == 1
    assert upgrade.count("  # destroys data: t.seen\n") == 1
    assert "destroys data" not in downgrade


def test_without_the_question(tmp_path: Path) -> None:
    """That the line destroys data is another rule than that which asks."""
    with making_lab("sqlite", tmp_path, settings='off = ["drops"]') as lab:
        lab.change(models(Date, "gone"))
        assert "drop_column('gone')  # destroys data\n" in lab.change(models(Date))
