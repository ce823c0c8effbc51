"""What is said where revisions branch, merge or are missing; and that the commands which it names help. D11."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from alembic import command
from alembic.util import CommandError
from sqlalchemy import Column, Integer, MetaData, Table
from support.lab import Lab


@pytest.fixture
def branched(lab_sqlite: Lab) -> Lab:
    """Two revisions after the same one, in a database that is at that one."""
    lab_sqlite.write("r1", None, "op.execute('SELECT 1')")
    lab_sqlite.upgrade()
    for revision in ("a2", "b2"):
        table = f"op.create_table('{revision}', sa.Column('id', sa.Integer(), primary_key=True))"
        lab_sqlite.write(revision, "r1", table, f"op.drop_table('{revision}')")
    return lab_sqlite


@pytest.fixture
def merged(branched: Lab) -> Lab:
    """The same, merged, and upgraded."""
    path = branched.write("m3", "a2", "pass")
    path.write_text(path.read_text("utf-8").replace("'a2'", "('a2', 'b2')"), encoding="utf-8")
    branched.upgrade("head")
    return branched


def refused(lab: Lab, run: Callable[..., Any], *arguments: Any, **options: Any) -> str:
    """Run a command that stops, changing nothing, and return what it says."""
    before = at(lab)
    with pytest.raises(CommandError) as error:
        run(lab.config(), *arguments, **options)
    assert at(lab) == before
    return str(error.value)


def at(lab: Lab) -> list[Any]:
    """Return the revisions that the database is at."""
    return sorted(revision for (revision,) in lab.rows("SELECT version_num FROM alembic_version"))


def test_upgrade_with_two_heads(branched: Lab) -> None:
    """What Alembic says, and both ways on: all of them, or a merge."""
    said = refused(branched, command.upgrade, "head")
    assert said.startswith("There are 2 heads, a2, b2: several revisions follow the same one")
    assert "(Multiple head revisions are present for given argument 'head'" in said
    assert 'alembic merge heads -m "merge", then alembic upgrade head; or' in said
    assert "alembic upgrade heads. Nothing was changed." in said
    command.upgrade(branched.config(), "heads")
    command.merge(branched.config(), "heads", "merge")
    command.upgrade(branched.config(), "head")
    assert len(at(branched)) == 1


def test_a_step_up_that_may_lead_to_two(branched: Lab) -> None:
    """It names both."""
    said = refused(branched, command.upgrade, "+1")
    assert said.startswith("a2 and b2 follow r1, where the database is")
    assert "alembic upgrade a2; or all: alembic upgrade heads." in said


def models(*names: str) -> MetaData:
    """Return models with these tables."""
    metadata = MetaData()
    for name in names:
        Table(name, metadata, Column("id", Integer, primary_key=True))
    return metadata


@pytest.mark.parametrize("target", ["r1", "heads"])
def test_a_revision_with_two_heads(branched: Lab, target: str) -> None:
    """Nobody is asked a question first; named on the command line, one of them is followed."""
    branched.upgrade(target)
    said = branched.refused(models("b2", "new"))  # a table less, which would be asked about
    assert said.startswith("There are 2 heads, a2, b2")
    assert "alembic merge heads" in said
    if target == "heads":
        assert "a new revision cannot follow all of them" in said
        branched.models = models("a2", "b2", "new")
        command.revision(branched.config(), "new", autogenerate=True, head="a2")
        branched.upgrade()
        assert branched.differences() == ""


@pytest.mark.parametrize("target", ["-1", "m3-1"])
def test_a_step_back_from_a_merge(merged: Lab, target: str) -> None:
    """To undo the merge alone, or what it merges too."""
    said = refused(merged, command.downgrade, target)
    assert said == (
        "m3 merges a2 and b2, so that a step back may lead to each (Ambiguous walk). To undo the merge alone: alembic "
        "downgrade a2. To undo what it merges too: alembic downgrade r1. Nothing was changed."
    )
    command.downgrade(merged.config(), "a2")
    assert at(merged) == ["a2", "b2"]
    command.upgrade(merged.config(), "head")
    command.downgrade(merged.config(), "r1")
    assert at(merged) == ["r1"]


def test_two_steps_back_over_a_merge(merged: Lab) -> None:
    """The merge is not where the database is."""
    merged.write("r4", "m3", "op.execute('SELECT 1')")
    merged.upgrade()
    assert refused(merged, command.downgrade, "-2").startswith("m3 merges a2 and b2")


COMMANDS: list[tuple[Callable[..., Any], tuple[str, ...], dict[str, Any]]] = [
    (command.upgrade, ("heads",), {}),
    (command.downgrade, ("-1",), {}),
    (command.stamp, ("heads",), {}),
    (command.current, (), {}),
    (command.check, (), {}),
    (command.revision, ("x",), {"autogenerate": True}),
]


@pytest.mark.parametrize(("run", "arguments", "options"), COMMANDS)
def test_another_branch_was_there(
    merged: Lab, run: Callable[..., Any], arguments: tuple[str, ...], options: dict[str, Any]
) -> None:
    """The database is at a revision that this one does not have."""
    file = merged.versions / "m3.py"
    text = file.read_text("utf-8")
    file.unlink()
    said = refused(merged, run, *arguments, **options)
    assert said.startswith("The database is at revision m3, and no file here has it (Can't locate revision identified")
    assert "alembic downgrade REVISION" in said
    assert "alembic stamp --purge a2 b2 says so. Nothing was changed." in said
    file.write_text(text, encoding="utf-8")
    command.downgrade(merged.config(), "a2")
    file.unlink()
    command.upgrade(merged.config(), "heads")
    command.stamp(merged.config(), ["a2", "b2"], purge=True)
    assert at(merged) == ["a2", "b2"]


def test_what_was_typed_wrong_is_alembics(merged: Lab) -> None:
    """A revision that the database is not at."""
    assert refused(merged, command.upgrade, "nope") == "Can't locate revision identified by 'nope'"
    assert "didn't produce 1 migrations" in refused(merged, command.upgrade, "+1")
