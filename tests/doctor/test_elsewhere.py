"""The doctor in another process."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from support.plain import plain_project

from alembic_proof.cli.doctor import main, without
from alembic_proof.doctor.elsewhere import configurations, run_all, run_with
from alembic_proof.errors import UndeterminedError


@pytest.mark.parametrize(
    ("given", "left"),
    [
        (["--python", "p", "--json"], ["--json"]),
        (["--python=p", "--json"], ["--json"]),
        (["--only", "--python"], ["--only"]),
        (["--json"], ["--json"]),
    ],
)
def test_without_an_option(given: list[str], left: list[str]) -> None:
    """And without its value."""
    assert without(given, "--python") == left


def test_every_project_below(tmp_path: Path) -> None:
    """By its alembic.ini, or its pyproject.toml; not those of environments and hidden directories."""
    for name in ("a/alembic.ini", "b/pyproject.toml", "b/sub/alembic.ini", ".git/alembic.ini", "env/alembic.ini"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("[tool.alembic]\n")
    (tmp_path / "env/pyvenv.cfg").touch()
    (tmp_path / "a/pyproject.toml").write_text("[tool.alembic]\n")
    found = [path.relative_to(tmp_path).as_posix() for path in configurations(tmp_path)]
    assert found == ["a/alembic.ini", "b/pyproject.toml", "b/sub/alembic.ini"]


def test_all_of_a_monorepo(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Each in a process of its own, as their modules have the same names; the worst exit code counts."""
    plain_project(tmp_path / "sound")
    plain_project(tmp_path / "broken", ("    run_migrations_online()\n", "    pass\n"))
    assert run_all(tmp_path, ["--only", "probe"], as_json=False) == 1
    lines = capfd.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("== ")] == ["== broken/alembic.ini", "== sound/alembic.ini"]
    assert run_all(tmp_path, ["--only", "static", "--format", "json"], as_json=True) == 1
    reports = json.loads(capfd.readouterr().out)
    assert [report["exit_code"] for report in reports] == [1, 0]
    with pytest.raises(UndeterminedError, match="There is no"):
        run_all(tmp_path / "sound/migrations", [], as_json=False)


def test_another_interpreter(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """It is the one that the report names."""
    project = plain_project(tmp_path)
    assert run_with(Path(sys.executable), ["--config", str(project.ini), "--only", "static"]) == 0
    assert sys.executable in capfd.readouterr().out
    with pytest.raises(UndeterminedError, match="cannot be run"):
        run_with(tmp_path / "none", [])


PLACEHOLDER = ("sqlite:///%(here)s/a.db", "driver://user:pass@localhost/dbname")
APPLICATION = "from alembic import command\ndef main(url):\n    config.set_main_option('sqlalchemy.url', url)\n"


@pytest.mark.parametrize("as_variable", [True, False])
def test_a_url_that_the_application_sets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, as_variable: bool
) -> None:
    """Without it, the doctor cannot know; with it, it examines that database."""
    from support.plain import INI

    files = {"alembic.ini": INI.replace(*PLACEHOLDER), "app.py": APPLICATION}
    project = plain_project(tmp_path, files=files)
    assert main(["--config", str(project.ini), "--only", "probe"]) == 2
    assert "the application sets the URL of the database" in capsys.readouterr().out
    url = f"sqlite:///{tmp_path}/b.db"
    monkeypatch.setenv("SHOP", url)
    assert main(["--config", str(project.ini), "--only", "probe", "--url", "SHOP" if as_variable else url]) == 0
    assert f"database       sqlite+pysqlite:///{tmp_path}/b.db" in capsys.readouterr().out
    with pytest.raises(UndeterminedError, match="NONE, which is not set"):
        main(["--config", str(project.ini), "--url", "NONE"])


TAKES = "with connectable.connect() as connection:"
MAKES = ('    connectable = sa.create_engine(config.get_main_option("sqlalchemy.url"))\n', "")


@pytest.mark.parametrize("takes", ["config.attributes['connection']", "config.attributes.get('connection')"])
def test_a_connection_that_the_application_hands_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], takes: str
) -> None:
    """Without its URL, the doctor says what it needs; with it, it examines that database, whole."""
    import alembic.command
    import sqlalchemy as sa
    from alembic.config import Config

    project = plain_project(tmp_path, MAKES, (TAKES, f"for connection in [{takes}]:"))
    url = f"sqlite:///{tmp_path}/b.db"
    with sa.create_engine(url).begin() as connection:
        config = Config(str(project.ini), attributes={"connection": connection})
        alembic.command.revision(config, autogenerate=True)
        alembic.command.upgrade(config, "head")
    capsys.readouterr()
    assert main(["--config", str(project.ini)]) == 2
    printed = capsys.readouterr().out
    assert "env.py takes its connection from the application" in printed
    assert "give the doctor --url" in printed
    assert main(["--config", str(project.ini), "--url", url]) == 0, capsys.readouterr().out
    printed = capsys.readouterr().out
    assert f"database       sqlite+pysqlite:///{tmp_path}/b.db" in printed
    assert " 0 PROBLEM, 0 unknown" in printed


def test_a_process_that_would_end_goes_on(tmp_path: Path) -> None:
    """os._exit() in env.py leaves no empty report."""
    from support.reports import outcomes

    project = plain_project(tmp_path, ("config = context.config", "import os\nos._exit(0)"))
    outcome = outcomes(project, "env-reaches-run-migrations")["env-reaches-run-migrations"]
    assert "it ends alembic with exit code 0" in f"{outcome.findings}"
