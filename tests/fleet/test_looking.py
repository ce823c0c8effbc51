"""Where each target is."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, make_url
from support.databases import make_database, rows
from support.fleets import CREATE_GOODS, CREATE_SHOP, Fleet, making_fleet

from alembic_proof import dialects
from alembic_proof.dialects import Timeouts
from alembic_proof.errors import UndeterminedError
from alembic_proof.fleet import Standing, State, Target, find_drift, from_file, look
from alembic_proof.fleet.history import history


def _look(fleet: Fleet, revision: str = "heads") -> dict[str, Standing]:
    return {standing.target.name: standing for standing in look(fleet.targets, history(fleet.project), revision)}


def test_every_state(fleet: Fleet) -> None:
    """At head, behind, never migrated; unknown and ahead; then one that is not there."""
    fleet.upgrade()
    fleet.revision("r3", "op.add_column('shop', sa.Column('city', sa.String(50)))")
    fleet.upgrade(canary="mall-1", max_failures=1)
    rows(fleet.url("mall-2"), "UPDATE alembic_version SET version_num = 'r1'")
    rows(fleet.url("mall-3"), "UPDATE alembic_version SET version_num = 'r99'")
    standings = _look(fleet)
    assert {name: standing.state for name, standing in standings.items()} == {
        "mall-1": State.AT_HEAD,
        "mall-2": State.BEHIND,
        "mall-3": State.UNKNOWN,
    }
    assert standings["mall-2"].behind == 2
    assert "r99" in standings["mall-3"].detail
    assert _look(fleet, "r2")["mall-1"].state is State.AHEAD
    rows(fleet.url("mall-2"), "DROP TABLE alembic_version")
    never = _look(fleet)["mall-2"]
    assert (never.state, never.detail) == (State.NEVER, "it has 2 tables: if a revision made them, stamp it")
    rows(fleet.url("mall-3"), "DROP TABLE goods")
    rows(fleet.url("mall-3"), "DROP TABLE shop")
    rows(fleet.url("mall-3"), "DELETE FROM alembic_version")
    assert (_look(fleet)["mall-3"].state, _look(fleet)["mall-3"].detail) == (State.NEVER, "")


def test_a_file_that_is_not_there_is_not_made(sqlite_fleet: Fleet) -> None:
    """To look changes nothing."""
    standing = _look(sqlite_fleet)["mall-1"]
    assert (standing.state, standing.detail, standing.behind) == (State.NEVER, "there is no file yet", 2)
    assert not Path(str(standing.target.address.database)).exists()


def test_a_directory_is_no_database(sqlite_fleet: Fleet) -> None:
    """Nor one that was never migrated."""
    Path(str(sqlite_fleet.targets[0].address.database)).mkdir()
    standing = _look(sqlite_fleet)["mall-1"]
    assert standing.state is State.UNREACHABLE
    assert "is a directory; name a file in it" in standing.detail


def test_a_version_table_of_something_else(fleet: Fleet) -> None:
    """It is said what it lacks; the comparison says the same."""
    fleet.rows("mall-2", "CREATE TABLE alembic_version (id INTEGER)")
    standing, unread = _look(fleet)["mall-2"], find_drift(fleet.project, fleet.targets[1:2]).unread
    assert standing.state is State.UNREACHABLE
    assert "alembic_version is none of Alembic's, as it has no column version_num: rename it" in standing.detail
    assert unread == {"mall-2": standing.detail}


def test_a_schema_that_the_user_may_not_look_into(tmp_path: Path) -> None:
    """A database is not taken for one that was never migrated."""
    with making_fleet("postgresql", 1, tmp_path) as fleet:
        fleet.revision("r1", CREATE_SHOP)
        fleet.upgrade()
        fleet.rows("mall-1", "REVOKE USAGE ON SCHEMA public FROM PUBLIC")
        fleet.targets = [Target("mall-1", fleet.targets[0].address.update_query_dict({"options": "-crole=pg_monitor"}))]
        standing = _look(fleet)["mall-1"]
        assert standing.state is State.UNREACHABLE
        words = "its user may not look into the schema public: grant it (GRANT USAGE ON SCHEMA public)"
        assert standing.detail == words
        assert find_drift(fleet.project, fleet.targets).unread == {"mall-1": words}


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_what_cannot_be_reached(kind: str, tmp_path: Path) -> None:
    """A port where nobody listens, a password that is wrong, a database that does not exist: without the password."""
    with make_database(kind, tmp_path) as url:
        server = make_url(url)
        urls = [server.set(port=1, password="secret"), server.set(database="nobody_made_this")]
        fleet = Fleet(tmp_path)
        fleet.revision("r1", CREATE_SHOP)
        lines = [f"mall-{n} {one.render_as_string(hide_password=False)}" for n, one in enumerate([*urls, server])]
        fleet.targets = from_file(lines, "the test", tmp_path)
        standings = _look(fleet)
    assert [standing.state.value for standing in standings.values()] == ["unreachable", "unreachable", "never migrated"]
    assert not any("secret" in standing.detail for standing in standings.values())
    assert "nobody_made_this" in standings["mall-1"].detail


def test_a_wrong_password(tmp_path: Path) -> None:
    """The server's words, and not the password."""
    with make_database("mysql", tmp_path) as url:
        name = make_url(url).database
        rows(url, f"CREATE USER {name}@'%%' IDENTIFIED BY 'right-word'")
        try:
            fleet = Fleet(tmp_path)
            fleet.revision("r1", CREATE_SHOP)
            wrong = make_url(url).set(username=name, password="wrong-word").render_as_string(hide_password=False)
            fleet.targets = from_file([f"mall-1 {wrong}"], "the test", tmp_path)
            outcome, heard = fleet.upgrade()
        finally:
            rows(url, f"DROP USER {name}@'%%'")
    (line,) = outcome.lines
    assert line.state == "unreachable"
    assert line.detail.startswith(f"Access denied for user '{name}'")
    assert "word'" not in f"{heard.said} {line}"


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_another_migrator_is_seen(kind: str, tmp_path: Path) -> None:
    """As busy: where there is something to do."""
    with making_fleet(kind, 2, tmp_path) as fleet:
        fleet.revision("r1", CREATE_SHOP)
        engine = create_engine(fleet.url("mall-1"), poolclass=NullPool)
        with engine.connect() as connection, dialects.get(kind).exclusive(connection, Timeouts(1, 1)):
            states = {name: standing.state for name, standing in _look(fleet).items()}
        assert states == {"mall-1": State.BUSY, "mall-2": State.NEVER}
        assert _look(fleet)["mall-1"].state is State.NEVER


def test_a_migration_that_ended_half_way_is_seen(tmp_path: Path) -> None:
    """On MariaDB, where its first statements stay; and the next upgrade goes on from there."""
    with making_fleet("mysql", 1, tmp_path) as fleet:
        fleet.revision("r1", CREATE_GOODS)
        fleet.upgrade()
        fleet.rows("mall-1", "INSERT INTO goods (id, price) VALUES (1, 5), (2, 5)")
        fleet.revision("r2", f"{CREATE_SHOP}\nop.create_index('uq_goods', 'goods', ['price'], unique=True)")
        fleet.upgrade()
        standing = _look(fleet)["mall-1"]
        assert standing.state is State.INTERRUPTED
        assert "goes on there" in standing.detail
        fleet.rows("mall-1", "DELETE FROM goods WHERE id = 2")
        outcome, _ = fleet.upgrade()
        assert outcome.ok, outcome.lines


def test_a_downgrade_that_ended_half_way_is_not_passed_over(tmp_path: Path) -> None:
    """Its revision is still the newest: an upgrade is refused, and says what goes on."""
    with making_fleet("mysql", 1, tmp_path) as fleet:
        fleet.revision("r1", CREATE_GOODS)
        fleet.revision("r2", "pass", f"{CREATE_SHOP}\nop.execute('DROP TABLE missing')")
        fleet.upgrade()
        fleet.upgrade(down=True, revision="r1")
        assert _look(fleet)["mall-1"].state is State.INTERRUPTED
        outcome, _ = fleet.upgrade()
        assert not outcome.ok
        assert "The downgrade of revision r2 is unfinished" in outcome.lines[0].detail


def test_one_database_under_two_names(fleet: Fleet, tmp_path: Path) -> None:
    """However its URL is written."""
    fleet.upgrade()
    url = fleet.url("mall-1")
    other = (
        url.replace("127.0.0.1", "localhost") if "127" in url else url.replace("/t_", "/../" + tmp_path.name + "/t_")
    )
    fleet.targets += from_file([f"copy {other}"], "the test", tmp_path)
    standing = _look(fleet)["copy"]
    assert standing.state is State.DUPLICATE
    assert standing.detail == "the same database as mall-1: remove one of the two"


def test_one_database_by_two_dialects(tmp_path: Path) -> None:
    """mysql:// and mariadb:// lead to the same one."""
    with make_database("mysql", tmp_path) as url:
        fleet = Fleet(tmp_path)
        fleet.revision("r1", CREATE_SHOP)
        lines = [f"a {url}", f"b {url.replace('mysql', 'mariadb', 1)}"]
        fleet.targets = from_file(lines, "the test", tmp_path)
        assert _look(fleet)["b"].state is State.DUPLICATE


def test_a_link_to_a_file_is_that_file(sqlite_fleet: Fleet, tmp_path: Path) -> None:
    """Also where it is called differently."""
    (tmp_path / "link.db").symlink_to(str(sqlite_fleet.targets[0].address.database))
    sqlite_fleet.targets.append(Target("link", f"sqlite:///{tmp_path}/link.db"))
    assert _look(sqlite_fleet)["link"].state is State.DUPLICATE


def test_schemas_of_one_database(tmp_path: Path) -> None:
    """All of them over one connection; names are quoted, a missing one is said."""
    with make_database("postgresql", tmp_path) as url:
        names = ["t1", "T 2", "it's", 'quo"te']
        for name in names:
            rows(url, 'CREATE SCHEMA "{}"'.format(name.replace('"', '""')))
        fleet = Fleet(tmp_path)
        fleet.revision("r1", CREATE_SHOP)
        fleet.targets = [Target(name, make_url(url), name) for name in [*names, "missing"]]
        assert [s.state for s in _look(fleet).values()] == [*[State.NEVER] * 4, State.UNREACHABLE]
        detail = _look(fleet)["missing"].detail
        assert "CREATE SCHEMA missing" in detail
        assert find_drift(fleet.project, fleet.targets[-1:]).unread == {"missing": detail}
        outcome, heard = fleet.upgrade()
        assert heard.states() == {**dict.fromkeys(names, "upgraded"), "missing": "unreachable"}, outcome.lines
        assert [s.state for s in _look(fleet).values()] == [*[State.AT_HEAD] * 4, State.UNREACHABLE]
        fleet.targets.append(Target("again", make_url(url), "t1"))
        assert _look(fleet)["again"].state is State.DUPLICATE


def test_a_schema_that_cannot_be_read_spoils_no_other(tmp_path: Path) -> None:
    """All are asked in one query."""
    with make_database("postgresql", tmp_path) as url:
        for name in ("t1", "t2", "t3"):
            rows(url, f"CREATE SCHEMA {name}")
        fleet = Fleet(tmp_path)
        fleet.revision("r1", CREATE_SHOP)
        fleet.targets = [Target(name, make_url(url), name) for name in ("t1", "t2", "t3")]
        assert fleet.upgrade()[0].ok
        rows(url, "ALTER TABLE t2.alembic_version RENAME version_num TO id")
        standings = _look(fleet)
        assert [s.state for s in standings.values()] == [State.AT_HEAD, State.UNREACHABLE, State.AT_HEAD]
        assert "alembic_version is none of Alembic's" in standings["t2"].detail


def test_the_version_table_is_the_one_of_env_py(sqlite_fleet: Fleet) -> None:
    """Where it is written out; else looking at it would ask for the wrong one."""
    text = sqlite_fleet.env.read_text("utf-8")
    named = text.replace('SHOP_URL"))', 'SHOP_URL"), version_table=TABLE)').replace(
        "target_metadata=MetaData())", "target_metadata=MetaData(), version_table=TABLE)"
    )
    sqlite_fleet.env.write_text(named.replace("import context\n", "import context\n\nTABLE = 'shop_version'\n"))
    outcome, _ = sqlite_fleet.upgrade()
    assert outcome.ok, outcome.lines
    assert _look(sqlite_fleet)["mall-1"].state is State.AT_HEAD
    sqlite_fleet.env.write_text(named.replace("import context\n", "import context\n\nTABLE = str('shop_version')\n"))
    with pytest.raises(UndeterminedError, match="write version_table as a text"):
        _look(sqlite_fleet)
