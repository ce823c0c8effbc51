"""A project whose env.py is run in this process."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import make_url
from support.written import Written

from alembic_proof.doctor import project as module
from alembic_proof.doctor.project import Project, all_heads
from alembic_proof.errors import UndeterminedError

Lay = Callable[[dict[str, str]], Project]
TABLE = 'sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True))\n'


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """A project on SQLite."""
    return Written(tmp_path / "shop", f"sqlite:///{tmp_path}/x.db", TABLE)


def test_a_result_is_determined_once(lay: Lay) -> None:
    """Also if it is an error."""
    project, calls = lay({}), []

    def work() -> list[str]:
        calls.append("worked")
        return calls

    assert project.once("a", work) is project.once("a", work)
    assert calls == ["worked"]

    def fail() -> None:
        calls.append("failed")
        raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            project.once("b", fail)
    assert calls == ["worked", "failed"]


def test_a_run(written: Written) -> None:
    """What env.py hands over, and where it was led, online and offline."""
    with ExitStack() as stack:
        project = Project(written.ini)
        project.enter_sandbox(stack)
        (run,), (offline,) = project.runs(), project.runs(offline=True)
        assert list(run.tables) == list(offline.tables) == ["t"]
        assert run.place == project.scratch_place == project.sandbox.place(os.environ["SHOP_URL"])
        assert (offline.database, offline.place) == ("", "")
        assert run.version() == set()
        assert [(live_run, url.database) for live_run, url in project.live()] == [(run, make_url(written.url).database)]
        assert Path.cwd() == written.path
        assert project.handed_over == run.tables
    assert Path.cwd() != written.path


def test_the_live_database_is_where_the_url_leads(written: Written) -> None:
    """Where no variable is named, that is what env.py asked for: with a synchronous driver, which only reads."""
    (written.path / "pyproject.toml").write_text("")
    with ExitStack() as stack:
        project = Project(written.ini)
        project.enter_sandbox(stack)
        ((run, url),) = project.live()
        assert run is project.runs()[0]
        assert url.render_as_string() == f"sqlite+pysqlite:///{make_url(written.url).database}"


def test_an_unset_variable_is_unknown(written: Written) -> None:
    """In the words of the library."""
    (written.path / ".env").unlink()
    with ExitStack() as stack:
        project = Project(written.ini)
        project.enter_sandbox(stack)
        with pytest.raises(UndeterminedError, match="SHOP_URL is not set"):
            project.live()


def test_logging_is_restored(written: Written) -> None:
    """And what happened to it is noted."""
    env = written.path / "migrations/env.py"
    env.write_text(env.read_text().replace("config = context.config", "import logging\nlogging.root.setLevel(5)\n\\g"))
    env.write_text(env.read_text().replace("\\g", "config = context.config"))
    level = logging.root.level
    with ExitStack() as stack:
        project = Project(written.ini)
        project.enter_sandbox(stack)
        project.runs()
    assert project.logging_changed == "replaces the root logger's level and handlers"
    assert logging.root.level == level


def test_a_config_prints_nothing_and_runs_no_hooks(lay: Lay) -> None:
    """Its paths are absolute, as it is used from other directories."""
    ini = (
        "[alembic]\nscript_location = migrations\nversion_locations = migrations/versions:more\npath_separator = :\n"
        "[post_write_hooks]\nhooks = black\n"
    )
    project = lay({"alembic.ini": ini, "more/x": ""})
    config = project.config()
    assert config.get_main_option("script_location") == str(project.scripts)
    assert config.get_main_option("version_locations") == ":".join(map(str, project.versions))
    assert not config.file_config.has_section("post_write_hooks")
    assert config.attributes["allow-drop"]


def test_pyproject_needs_a_newer_alembic(lay: Lay, monkeypatch: pytest.MonkeyPatch) -> None:
    """Than 1.16."""
    project = Project(lay({"pyproject.toml": "[tool.alembic]\n"}).pyproject)
    monkeypatch.setattr(module, "signature", lambda _: type("S", (), {"parameters": {}})())
    with pytest.raises(UndeterminedError, match=r"it needs 1\.16 or newer"):
        project.config()


@pytest.mark.parametrize(
    ("revisions", "heads"),
    [
        ({"a": None}, {"a"}),
        ({"a": None, "b": "'a'"}, {"b"}),
        ({"a": None, "b": None}, {"a", "b"}),
        ({"a": None, "b": "None\ndepends_on = 'a'"}, {"b"}),
        ({"a": None, "b": "None\ndepends_on = ('a',)"}, {"b"}),
    ],
)
def test_the_heads_of_a_database(tmp_path: Path, revisions: dict[str, str | None], heads: set[str]) -> None:
    """A revision that another one depends on is not named in the database."""
    (tmp_path / "versions").mkdir()
    for name, before in revisions.items():
        (tmp_path / f"versions/{name}.py").write_text(f"revision = {name!r}\ndown_revision = {before}\n")
    config = Config()
    config.set_main_option("script_location", str(tmp_path))
    assert all_heads(ScriptDirectory.from_config(config)) == heads
