"""A database on its way up the revisions has rows, and only tables that may have changed are read again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from support.written import Written

from alembic_proof.doctor.project import Project
from alembic_proof.testing.chain import Chains, RoundTripError

BOOK = "op.create_table('book', sa.Column('id', sa.Integer, primary_key=True), sa.Column('title', sa.String(20)))"
SHELF = "op.create_table('shelf', sa.Column('id', sa.Integer, primary_key=True))"
PAGES = "op.add_column('book', sa.Column('pages', sa.Integer))"


@pytest.fixture
def shop(tmp_path: Path, sqlite: str, monkeypatch: pytest.MonkeyPatch) -> Written:
    """A project with three revisions."""
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    written = Written(tmp_path / "shop", sqlite)
    written.chain({"r1": BOOK, "r2": SHELF, "r3": PAGES})
    return written


@pytest.fixture
def chains(shop: Written, tmp_path: Path) -> Iterator[Chains]:
    """Its chains."""
    opened = Chains(Project(shop.ini), tmp_path)
    yield opened
    opened.close()


def test_the_tables_are_filled(chains: Chains) -> None:
    """After each revision, also where one adds a column."""
    chain = chains.at(2)
    assert {name: len(table.rows) for name, table in chain.contents.items()} == {"book": 3, "shelf": 3}
    chain.run(chain.revisions[2:])
    chain.advance(3, chain.read(), {})
    assert chain.contents["book"].columns == ["id", "title", "pages"]
    assert len(chain.contents["book"].rows) == 6
    assert len(chain.contents["shelf"].rows) == 3


def test_the_same_chain_is_used_again(chains: Chains) -> None:
    """As long as it is where it should be."""
    chain = chains.at(1)
    assert chains.at(1) is chain
    assert chains.at(2) is not chain
    chains.at(2).applied = -1
    assert chains.at(2).applied == 2


def test_a_command_reads_no_revision_but_its_own(shop: Written, chains: Chains, tmp_path: Path) -> None:
    """Else the tests of many revisions would take as long as the square of their number."""
    note = tmp_path / "read"
    [last] = shop.versions.glob("*r3*.py")
    with last.open("a") as file:
        file.write(f"\nopen({str(note)!r}, 'a').write('read ')\n")
    chain = chains.at(1)
    before = note.read_text()
    chain.run(chain.revisions[1:2])
    assert note.read_text() == before


@pytest.mark.parametrize("own", ["", ", transaction_per_migration=True", ", transaction_per_migration=False"])
def test_a_revision_runs_three_times(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch, own: str) -> None:
    """In one command, unless its env.py says that it commits all of them together; the tables are read after each."""
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    if "sqlite" not in database:
        monkeypatch.setenv("TEST_DATABASE_URL", database)
    shop = Written(tmp_path / "shop", database)
    shop.revision("r1", None, BOOK)
    shop.revision("r2", "r1", SHELF, "op.drop_table('shelf')")
    env = shop.path / "migrations/env.py"
    env.write_text(env.read_text().replace("target_metadata=metadata", f"target_metadata=metadata{own}"))
    started: list[Any] = []
    run_env = Project.run_env

    def counting(*given: Any, **options: Any) -> None:
        started.append(given)
        run_env(*given, **options)

    monkeypatch.setattr(Project, "run_env", counting)
    with closing(Chains(Project(shop.ini), tmp_path)) as chains:
        chain = chains.at(1)
        started.clear()
        seen: list[set[str]] = []
        chain.run_each(chain.steps(chain.revisions[1]), lambda: seen.append(set(chain.read())))
    assert seen == [{"book", "shelf"}, {"book"}, {"book", "shelf"}]
    assert len(started) == (3 if "False" in own else 1)


def test_own_rows_replace_the_generated_ones(chains: Chains) -> None:
    """In the tables that exist, completed."""
    chain = chains.at(1)
    chain.hold({"book": [{"title": "흰"}], "shelf": [{}]})
    assert chain.contents["book"].rows == [("1", "흰")]


# A statement, and the tables that are read after it.
READ = {
    "UPDATE book SET title = 'x'": {"book"},
    "DELETE FROM shelf": {"shelf"},
    "SELECT 1 FROM nothing": set(),
    "SELECT my_function()": {"book", "shelf"},
}


@pytest.mark.parametrize("statement", READ)
def test_only_what_may_have_changed_is_read(chains: Chains, statement: str) -> None:
    """The contents of other tables are taken from the last time."""
    chain = chains.at(2)
    before = chain.read()
    chain.statements.append(statement)
    after = chain.read()
    assert after == before
    assert {name for name in after if after[name] is not before[name]} == READ[statement]


def test_after_one_that_does_not_run(shop: Written, chains: Chains) -> None:
    """No later one is tested, and each says why."""
    shop.revision("r2", "r1", "op.execute('NONSENSE')")
    for _ in range(2):
        with pytest.raises(RoundTripError, match=r"^not tested, as the revisions before it fail: .*NONSENSE"):
            chains.at(2)
