"""An upgrade of a fleet, and a downgrade: what is done, and in which order."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import make_url
from support.databases import make_database, rows
from support.fleets import CREATE_SHOP, Fleet, Heard, making_fleet

from alembic_proof.errors import ProofError
from alembic_proof.fleet import Target, TargetsError, find_drift, from_file
from alembic_proof.fleet.report import Line


def _break(fleet: Fleet, *names: str) -> None:
    """Let the first revision fail at some targets: they have the table that it creates."""
    for name in names:
        fleet.rows(name, "CREATE TABLE shop (id INTEGER)")


def test_all_come_to_head_with_the_right_schema(fleet: Fleet) -> None:
    """And then back; each is told, and what is about to be done is said first."""
    outcome, heard = fleet.upgrade()
    assert outcome.ok, outcome.lines
    assert heard.said == [
        "3 targets: 3 never migrated. Going to upgrade 3 targets to r2: first mall-1, then 2 others, 1 at a time."
    ]
    assert heard.states() == dict.fromkeys(["mall-1", "mall-2", "mall-3"], "upgraded")
    assert fleet.rows("mall-3", "SELECT version_num FROM alembic_version") == [("r2",)]
    outcome, heard = fleet.upgrade()
    assert heard.said == ["3 targets: 3 at head. Nothing to upgrade."]
    assert heard.states() == dict.fromkeys(["mall-1", "mall-2", "mall-3"], "at head")
    outcome, heard = fleet.upgrade(revision="r1", down=True)
    assert outcome.ok, outcome.lines
    assert heard.states() == dict.fromkeys(["mall-1", "mall-2", "mall-3"], "downgraded")
    assert fleet.rows("mall-2", "SELECT version_num FROM alembic_version") == [("r1",)]


def test_a_canary_that_fails_leaves_the_others_untouched(fleet: Fleet) -> None:
    """Nothing is done where the first one fails; once it is mended, a rerun goes on."""
    _break(fleet, "mall-2")
    outcome, heard = fleet.upgrade(canary="mall-2")
    assert not outcome.ok
    assert heard.states() == {"mall-1": "not begun", "mall-2": "failed", "mall-3": "not begun"}
    assert any("The canary mall-2 failed, so no other target was touched." in said for said in heard.said)
    assert fleet.rows("mall-2", "SELECT COUNT(*) FROM shop") == [(0,)]
    fleet.rows("mall-2", "DROP TABLE shop")
    assert fleet.upgrade()[0].ok


def test_a_canary_that_has_nothing_to_do_is_refused(sqlite_fleet: Fleet) -> None:
    """It would prove nothing."""
    with pytest.raises(TargetsError, match="The canary mall-9 is none of those to upgrade"):
        sqlite_fleet.upgrade(canary="mall-9")
    assert not Path(str(sqlite_fleet.targets[0].address.database)).exists()


def test_a_target_that_fails_does_not_stop_the_rest(fleet: Fleet) -> None:
    """It is told with the database's reason, and the others are done."""
    _break(fleet, "mall-2")
    outcome, heard = fleet.upgrade()
    assert not outcome.ok
    assert heard.states() == {"mall-1": "upgraded", "mall-2": "failed", "mall-3": "upgraded"}
    failed = next(line for line in outcome.lines if line.name == "mall-2")
    assert "already exists" in failed.detail
    assert "\n" not in failed.detail


def test_once_a_canary_has_passed_nobody_has_to_go_first(fleet: Fleet) -> None:
    """One that fails for good does not keep the others from their turn; a named canary may have passed before."""
    _break(fleet, "mall-1")
    fleet.upgrade(canary="mall-2")
    fleet.revision("r3", "op.add_column('goods', sa.Column('weight', sa.Integer))")
    fleet.rows("mall-1", "DROP TABLE shop")
    _, heard = fleet.upgrade(canary="mall-3")
    assert set(heard.states().values()) == {"upgraded"}
    fleet.rows("mall-1", "UPDATE alembic_version SET version_num = 'r2'")
    fleet.rows("mall-2", "UPDATE alembic_version SET version_num = 'r2'")
    fleet.rows("mall-2", "ALTER TABLE goods DROP COLUMN weight")
    _, heard = fleet.upgrade(canary="mall-3")
    assert heard.states() == {"mall-1": "failed", "mall-2": "upgraded", "mall-3": "at head"}


def test_a_failure_is_told_with_its_place(fleet: Fleet) -> None:
    """The file and line of the revision, and what the database refuses."""
    _break(fleet, "mall-2")
    outcome, _ = fleet.upgrade()
    (failed,) = [line for line in outcome.lines if not line.ok]
    assert "r1.py:" in failed.detail
    assert "CREATE TABLE shop" in failed.detail


def test_groups_follow_one_another_as_long_as_none_fails(sqlite_fleet: Fleet, tmp_path: Path) -> None:
    """After the canary one, then two; the rest last."""
    fleet = sqlite_fleet
    lines = [f"more-{number} sqlite:///{tmp_path}/more-{number}.db" for number in range(1, 5)]
    fleet.targets += from_file(lines, "the test", tmp_path)
    _break(fleet, "more-1")
    outcome, heard = fleet.upgrade(groups=(1, 2))
    assert [line.name for line in outcome.lines] == [
        *(f"mall-{n}" for n in (1, 2, 3)),
        *(f"more-{n}" for n in range(1, 5)),
    ]
    assert [line.state for line in outcome.lines] == [*["upgraded"] * 3, "failed", *["not begun"] * 3]
    assert "first mall-1, then 6 others in 3 groups" in heard.said[0]
    assert "1 target of this group failed, so the next group was not begun." in heard.said


def test_a_downgrade_leaves_alone_what_is_before(fleet: Fleet) -> None:
    """In the middle of a rollout some targets have not come as far as the revision to go back to."""
    fleet.revision("r3", "op.add_column('goods', sa.Column('weight', sa.Integer))", "op.drop_column('goods', 'weight')")
    fleet.upgrade(revision="r1")
    first, fleet.targets = fleet.targets[:1], fleet.targets[1:]
    fleet.upgrade()
    fleet.targets = first + fleet.targets
    _, heard = fleet.upgrade(revision="r2", down=True)
    assert heard.states() == {"mall-1": "behind by 1 revision", "mall-2": "downgraded", "mall-3": "downgraded"}


def test_other_branches_stay_where_they_are(sqlite_fleet: Fleet) -> None:
    """What a target has of them is no wrong schema, and no reason to stop."""
    other = sqlite_fleet.versions / "r2.py"
    text = other.read_text("utf-8").replace("goods", "staff").replace("'r2'", "'s2'")
    (sqlite_fleet.versions / "s2.py").write_text(f"{text}\nbranch_labels = 'staff'\n", "utf-8")
    assert sqlite_fleet.upgrade(revision="r2")[0].ok
    stay = "at r2, s2, as other branches stay, so its schema was not compared"
    outcome, heard = sqlite_fleet.upgrade(revision="staff@head")
    assert outcome.ok, outcome.lines
    assert all(stay in line.detail for line in heard.told)
    outcome, heard = sqlite_fleet.upgrade(revision="staff@r1", down=True)
    assert outcome.ok, outcome.lines
    assert heard.states() == dict.fromkeys(["mall-1", "mall-2", "mall-3"], "downgraded")
    assert all("at r2, as other branches stay" in line.detail for line in heard.told)
    assert find_drift(sqlite_fleet.project, sqlite_fleet.targets, "r2").ok


def test_an_env_py_without_the_library_is_refused(sqlite_fleet: Fleet) -> None:
    """Nothing would keep two migrators apart, and a downgrade would ask nobody."""
    sqlite_fleet.env.write_text(
        "from alembic import context\nfrom sqlalchemy import create_engine\n\n"
        "with create_engine('sqlite:////nowhere/x.db').connect() as connection:\n"
        "    context.configure(connection=connection)\n    with context.begin_transaction():\n"
        "        context.run_migrations()\n"
    )
    with pytest.raises(ProofError, match=r"does not connect with connect\(\) or migrating\(\).*No target was changed"):
        sqlite_fleet.upgrade()


def test_an_env_py_that_leaves_the_schema_is_refused(tmp_path: Path) -> None:
    """It would migrate another one, such as public."""
    with make_database("postgresql", tmp_path) as url:
        rows(url, "CREATE SCHEMA t1")
        fleet = Fleet(tmp_path)
        fleet.revision("r1", CREATE_SHOP)
        leave = "connection.exec_driver_sql('SET search_path TO public'); connection.commit()"
        fleet.env.write_text(
            fleet.env.read_text("utf-8").replace("as connection:\n", f"as connection:\n        {leave}\n")
        )
        fleet.targets = [Target("t1", make_url(url), "t1")]
        outcome, _ = fleet.upgrade()
        assert "env.py leaves the schema t1" in outcome.lines[0].detail
        assert rows(url, "SELECT COUNT(*) FROM pg_tables WHERE tablename = 'shop'") == [(0,)]


def test_a_reference_changes_nothing_beside_a_schema(tmp_path: Path) -> None:
    """Revisions of a tenant may write into tables that all of them share."""
    with make_database("postgresql", tmp_path) as url:
        rows(url, "CREATE SCHEMA t1")
        rows(url, "CREATE TABLE public.counted (n INTEGER)")
        fleet = Fleet(tmp_path)
        fleet.revision(
            "r1",
            f"{CREATE_SHOP}\nop.execute('CREATE TABLE IF NOT EXISTS public.counted (n INTEGER)')\n"
            "op.execute('INSERT INTO public.counted VALUES (1)')",
        )
        fleet.targets = [Target("t1", make_url(url), "t1")]
        fleet.upgrade()
        find_drift(fleet.project, fleet.targets)
        assert rows(url, "SELECT COUNT(*) FROM public.counted") == [(1,)]


def test_after_so_many_failures_no_more_are_begun(tmp_path: Path) -> None:
    """The rest is as it was."""
    with making_fleet("sqlite", 6, tmp_path) as fleet:
        fleet.revision("r1", CREATE_SHOP)
        _break(fleet, "mall-2", "mall-3", "mall-4")
        _, heard = fleet.upgrade(max_failures=2)
        states = heard.states()
    assert states == {
        **{"mall-1": "upgraded", "mall-2": "failed", "mall-3": "failed"},
        **dict.fromkeys(["mall-4", "mall-5", "mall-6"], "not begun"),
    }
    assert "2 targets failed, so no more are begun (--max-failures)." in heard.said


def test_a_wrong_schema_is_not_reported_as_done(fleet: Fleet) -> None:
    """Neither one that is upgraded now, nor one that says that it is at head already."""
    fleet.upgrade()
    fleet.rows("mall-1", "ALTER TABLE shop ADD COLUMN extra INTEGER")
    fleet.rows("mall-2", "UPDATE alembic_version SET version_num = 'r1'")
    fleet.rows("mall-2", "DROP TABLE goods")
    fleet.rows("mall-2", "ALTER TABLE shop ADD COLUMN extra INTEGER")
    outcome, heard = fleet.upgrade()
    assert not outcome.ok
    assert heard.states() == {"mall-1": "wrong schema", "mall-2": "wrong schema", "mall-3": "at head"}
    assert all("has column extra of shop besides" in line.detail for line in outcome.lines if not line.ok)


def test_what_others_make_besides_is_told_and_not_wrong(fleet: Fleet) -> None:
    """A table that an application makes at run time, in all targets: the canary, too. One of a revision is wrong."""
    fleet.upgrade(revision="r1")
    for name in ("mall-1", "mall-2", "mall-3"):
        fleet.rows(name, "CREATE TABLE celery_taskmeta (id INTEGER PRIMARY KEY)")
    fleet.rows("mall-2", "CREATE VIEW cheap AS SELECT id FROM shop")
    outcome, heard = fleet.upgrade()
    assert outcome.ok, outcome.lines
    told = {line.name: line.detail for line in heard.told}
    assert told["mall-1"].endswith("; it has the table celery_taskmeta besides, which no revision names")
    assert "it has the table celery_taskmeta besides; has the view cheap besides, which" in told["mall-2"]

    fleet.revision("r3", "op.create_table('old', sa.Column('id', sa.Integer))", "op.drop_table('old')")
    fleet.revision("r4", "op.drop_table('old')")
    fleet.upgrade()
    fleet.rows("mall-3", "CREATE TABLE old (id INTEGER)")
    outcome, heard = fleet.upgrade()
    assert heard.states() == {"mall-1": "at head", "mall-2": "at head", "mall-3": "wrong schema"}
    told = {line.name: line.detail for line in heard.told}
    assert told["mall-3"] == "has the table old besides"
    assert told["mall-1"] == "it has the table celery_taskmeta besides, which no revision names"


def test_revisions_that_build_no_empty_database_touch_nothing(fleet: Fleet) -> None:
    """Nobody could say what is right."""
    fleet.revision("r3", "op.drop_table('nowhere')")
    with pytest.raises(ProofError, match=r"tried on an empty database first.*r3\.py:.*No target was changed"):
        fleet.upgrade()
    if not fleet.url("mall-1").startswith("sqlite"):
        with pytest.raises(Exception, match="alembic_version"):
            fleet.rows("mall-1", "SELECT * FROM alembic_version")


def test_two_names_for_one_database_touch_nothing(sqlite_fleet: Fleet, tmp_path: Path) -> None:
    """Two workers would migrate it at once."""
    sqlite_fleet.targets += from_file([f"copy {sqlite_fleet.url('mall-1')}"], "the test", tmp_path)
    with pytest.raises(TargetsError, match=r"copy: the same database as mall-1.* Nothing was changed"):
        sqlite_fleet.upgrade()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("        context.run_migrations()\n", "        pass\n", "env.py"),
        ("if context.is", "if if context.is", "invalid syntax"),
        ("from sqlalchemy import MetaData", "from sqlalchemy import MetaData, NoSuchName", "NoSuchName"),
        ("if context.is", "import sys; sys.exit(3)\nif context.is", "ended the process with the exit code 3"),
        ("if context.is", "raise ValueError('a\\nb')\nif context.is", "ValueError: a"),
    ],
)
def test_an_env_py_that_does_not_work(old: str, new: str, words: str, sqlite_fleet: Fleet) -> None:
    """Its fault is told in one sentence, before anything is changed."""
    sqlite_fleet.env.write_text(sqlite_fleet.env.read_text("utf-8").replace(old, new))
    with pytest.raises(ProofError) as error:
        sqlite_fleet.upgrade()
    assert words in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "connecting",
    [
        "create_engine('sqlite:////nowhere/application.db')",
        "create_engine(context.config.get_main_option('sqlalchemy.url'))",
    ],
)
def test_env_py_stays_as_it_is(connecting: str, sqlite_fleet: Fleet) -> None:
    """Whatever it connects to by itself: its connection leads to the target."""
    sqlite_fleet.env.write_text(
        "from alembic import context\nfrom sqlalchemy import create_engine\n\nfrom alembic_proof import migrating\n\n"
        f"with {connecting}.connect() as connection, migrating(connection):\n"
        "    context.configure(connection=connection)\n    with context.begin_transaction():\n"
        "        context.run_migrations()\n"
    )
    outcome, _ = sqlite_fleet.upgrade()
    assert outcome.ok, outcome.lines
    assert sqlite_fleet.rows("mall-3", "SELECT COUNT(*) FROM goods") == [(0,)]


ASYNCHRONOUS = '''\
"""Alembic's own template "async", with migrating()."""

import asyncio

from alembic import context
from sqlalchemy import MetaData, pool
from sqlalchemy.ext.asyncio import async_engine_from_config

from alembic_proof import migrating, options


def run(connection):
    with migrating(connection):
        context.configure(connection=connection, **options(connection, target_metadata=MetaData()))
        with context.begin_transaction():
            context.run_migrations()


async def main():
    section = context.config.get_section(context.config.config_ini_section, {})
    engine = async_engine_from_config(section, prefix="sqlalchemy.", poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


asyncio.run(main())
'''


def test_an_asynchronous_env_py_stays_as_it_is(fleet: Fleet) -> None:
    """It gets URLs with such a driver, whatever driver the targets name."""
    fleet.env.write_text(ASYNCHRONOUS, encoding="utf-8")
    outcome, _ = fleet.upgrade()
    assert outcome.ok, outcome.lines


def test_an_env_py_that_connects_to_two_databases_is_refused(sqlite_fleet: Fleet) -> None:
    """Nobody knows which of them is the target."""
    text = sqlite_fleet.env.read_text("utf-8").replace(
        "if context.is",
        "from sqlalchemy import create_engine\nfor name in 'ab':\n"
        "    create_engine(f'sqlite:////nowhere/{name}.db').connect().close()\nif context.is",
    )
    sqlite_fleet.env.write_text(text)
    with pytest.raises(ProofError, match=r"env\.py connects to two databases"):
        sqlite_fleet.upgrade()


def test_schemas_are_migrated_beside_one_another(tmp_path: Path) -> None:
    """Each has its own version table, also where the schema public has one; what public has is left alone."""
    with make_database("postgresql", tmp_path) as url:
        fleet = Fleet(tmp_path)
        fleet.revision("r1", CREATE_SHOP, "op.drop_table('shop')")
        fleet.targets = [Target("all", make_url(url))]
        assert fleet.upgrade()[0].ok
        rows(url, "INSERT INTO shop (name) VALUES ('of public')")
        names = [f"t{n}" for n in range(4)]
        for name in names:
            rows(url, f"CREATE SCHEMA {name}")
        fleet.targets = [Target(name, make_url(url), name) for name in names]
        with ThreadPoolExecutor(1) as one:
            outcome, heard = fleet.upgrade(executor=one, workers=2)
        assert outcome.ok, outcome.lines
        assert heard.states() == dict.fromkeys(names, "upgraded")
        assert rows(url, "SELECT COUNT(*) FROM pg_tables WHERE tablename = 'shop'") == [(5,)]
        assert rows(url, "SELECT COUNT(*) FROM pg_namespace WHERE nspname LIKE 'scratch%%'") == [(0,)]
        outcome, _ = fleet.upgrade(revision="base", down=True)
        assert outcome.ok, outcome.lines
        assert rows(url, "SELECT name FROM public.shop") == [("of public",)]


def test_a_downgrade_that_loses_rows_is_not_done(fleet: Fleet) -> None:
    """Nobody is there to answer: all are asked what it would cost before one goes back. With the answer it is done."""
    fleet.upgrade()
    fleet.rows("mall-3", "INSERT INTO goods (id, price) VALUES (1, 5)")
    outcome, heard = fleet.upgrade(revision="r1", down=True)
    assert heard.states() == {"mall-1": "not begun", "mall-2": "not begun", "mall-3": "failed"}
    assert "goods" in outcome.lines[0].detail
    assert "1 target cannot go back, so none was touched" in heard.said[-1]
    assert fleet.rows("mall-3", "SELECT price FROM goods") == [(5,)]
    assert fleet.rows("mall-1", "SELECT version_num FROM alembic_version") == [("r2",)]
    fleet.x = ("allow-drop=goods",)
    outcome, _ = fleet.upgrade(revision="r1", down=True)
    assert outcome.ok, outcome.lines


def test_ctrl_c_while_schemas_are_compared_forgets_no_target(
    sqlite_fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that were not compared are told, too."""
    assert sqlite_fleet.upgrade()[0].ok
    keep = Heard.tell

    def tell(heard: Heard, line: Line) -> None:
        keep(heard, line)
        if not line.detail:
            raise KeyboardInterrupt

    monkeypatch.setattr(Heard, "tell", tell)
    outcome, heard = sqlite_fleet.upgrade()
    assert outcome.interrupted
    assert {line.name: (line.state, line.detail) for line in heard.told} == {
        "mall-1": ("at head", ""),
        "mall-2": ("at head", "its schema was not compared"),
        "mall-3": ("at head", "its schema was not compared"),
    }
