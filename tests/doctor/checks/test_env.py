"""Checks of env.py: from its text, and by running it in this process."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest
from support.reports import outcomes
from support.written import Written

from alembic_proof.doctor.checks.env import (
    _dispatch,
    _is_pooled,
    _known_texts,
    _runs_alembic,
    env_runs_migrations,
)
from alembic_proof.doctor.findings import Severity
from alembic_proof.doctor.project import Project
from alembic_proof.errors import NotApplicableError

Lay = Callable[[dict[str, str]], Project]
BOTH = "def run():\n    context.run_migrations()\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{BOTH}run()\n", ""),
        (f"{BOTH}if context.is_offline_mode():\n    run()\n", "never reached online: every alembic command succeeds"),
        (f"{BOTH}if not context.is_offline_mode():\n    run()\n", "never reached offline: alembic upgrade head --sql"),
        (BOTH, "never reached online or offline"),
    ],
)
def test_what_the_text_reaches(lay: Lay, text: str, message: str) -> None:
    """With the line after which the dispatch belongs."""
    findings = list(env_runs_migrations.find(lay({"migrations/env.py": text})))
    assert bool(findings) == bool(message)
    for finding in findings:
        assert message in finding.message
        assert finding.where == f"migrations/env.py:{len(text.splitlines())}"


@pytest.mark.parametrize("text", ["from shop import run\nrun()\n", f"{BOTH}globals()['run']()\n"])
def test_a_text_that_does_not_tell(lay: Lay, text: str) -> None:
    """It is not called right, nor wrong."""
    with pytest.raises(NotApplicableError, match="running it will"):
        list(env_runs_migrations.find(lay({"migrations/env.py": text})))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "def run_migrations_offline(): ...\ndef run_migrations_online(): ...\n",
            "end the file with these lines, not indented:\nif context.is_offline_mode():",
        ),
        (
            "def run_migrations_offline(): ...\ndef run_migrations_online():\n    context.configure()\n"
            "if context.is_offline_mode():\n    run_migrations_offline()\nelse:\n    run_migrations_online()\n",
            "after each context.configure(...): with context.begin_transaction():",
        ),
        ("context.configure(connection=x)\n", "after each context.configure(...): with context.begin_transaction():"),
        ("def go():\n    context.run_migrations()\n", "in a line that is not indented: go()"),
        ("async def go():\n    context.run_migrations()\n", "in a line that is not indented: asyncio.run(go())"),
        ("from models import Base\ntarget_metadata = Base.metadata\n", "as in the env.py of alembic init"),
    ],
)
def test_how_to_reach_it(text: str, words: str) -> None:
    """By what is in the file: nobody is told to call what is not there."""
    assert words in _dispatch(ast.parse(text))


TABLES = """\
parent = sa.Table("parent", metadata, sa.Column("id", sa.Integer, primary_key=True))
sa.Table("child", metadata, sa.Column("parent_id", sa.ForeignKey("parent.id", ondelete="CASCADE")))
"""
CONNECT = "with connect(config, url) as connection:"
CONFIGURE = "        context.configure(connection=connection"
OWN = 'with sa.create_engine("sqlite:///other.db").connect() as connection:'
NO_LOCK = "with sa.create_engine(url()).connect() as connection:"
ENFORCED = f'        connection.connection.cursor().execute("PRAGMA foreign_keys=ON")\n{CONFIGURE}'
ROOT_LEVEL = "config = context.config\n__import__('logging').root.setLevel(5)"
DISABLED = "config = context.config\n__import__('logging').getLogger('alembic_proof.witness').disabled = True"
LOOP = "            for tenant in ():\n                context.run_migrations()"
REACHES, SAME, LOGGING = "env-reaches-run-migrations", "application-uses-the-same-database", "env-leaves-logging-alone"
ENGINE = "from sqlalchemy import create_engine\n"

# What is edited in env.py, other files, the check, how it ends, and words.
RUNS: list[tuple[tuple[str, str], dict[str, str], str, Severity, str]] = [
    (("", ""), {}, REACHES, Severity.OK, ""),
    (
        ("context.run_migrations()", "pass"),
        {},
        REACHES,
        Severity.PROBLEM,
        "env.py ran to its end online and offline without",
    ),
    (("            context.run_migrations()", LOOP), {}, REACHES, Severity.UNKNOWN, "an empty one has none"),
    (("from alembic import", "raise OSError\nfrom alembic import"), {}, REACHES, Severity.PROBLEM, "OSError"),
    (("", ""), {}, "env-uses-database-url", Severity.OK, ""),
    (
        (CONNECT, OWN),
        {},
        "env-uses-database-url",
        Severity.PROBLEM,
        "with SHOP_URL naming another database, it connects",
    ),
    (("", ""), {}, SAME, Severity.OK, ""),
    (("", ""), {"app.py": f"{ENGINE}e = create_engine('sqlite:////x.db')"}, SAME, Severity.PROBLEM, "sqlite: /x.db"),
    (("", ""), {"app.py": f"{ENGINE}U = 'sqlite:////x.db'\ne = create_engine(U)"}, SAME, Severity.PROBLEM, "/x.db"),
    (
        ("", ""),
        {"app.py": f"{ENGINE}def engine():\n    return create_engine('sqlite:////x.db')"},
        SAME,
        Severity.PROBLEM,
        "app.py:3",
    ),
    (("", ""), {"scripts/a.py": f"{ENGINE}e = create_engine('sqlite:////x.db')"}, SAME, Severity.NOTE, "/x.db"),
    (("", ""), {"app.py": f"{ENGINE}e = create_engine(settings.url)"}, SAME, Severity.OK, ""),
    (("", ""), {"app.py": f"{ENGINE}e = create_engine('nonsense')"}, SAME, Severity.OK, ""),
    (("", ""), {}, LOGGING, Severity.OK, ""),
    (("config = context.config", ROOT_LEVEL), {}, LOGGING, Severity.PROBLEM, "replaces the root logger's level"),
    (("config = context.config", DISABLED), {}, LOGGING, Severity.PROBLEM, "disables the existing loggers"),
    (("", ""), {}, "migrations-take-turns", Severity.OK, ""),
    ((CONNECT, NO_LOCK), {}, "migrations-take-turns", Severity.PROBLEM, "a second migration of the same database"),
    (("", ""), {}, "rebuilding-keeps-rows", Severity.OK, ""),
    ((CONFIGURE, ENFORCED), {}, "rebuilding-keeps-rows", Severity.PROBLEM, "rows of child are deleted"),
]


@pytest.mark.parametrize(
    ("edit", "files", "check", "severity", "words"),
    RUNS,
    ids=[f"{number}-{check}-{severity.value}" for number, (*_, check, severity, _) in enumerate(RUNS)],
)
def test_what_running_it_shows(
    tmp_path: Path, edit: tuple[str, str], files: dict[str, str], check: str, severity: Severity, words: str
) -> None:
    """While every connection leads to a scratch database."""
    written = Written(tmp_path / "shop", f"sqlite:///{tmp_path}/x.db", TABLES)
    env = written.path / "migrations/env.py"
    env.write_text(env.read_text().replace(*edit) if edit[0] else env.read_text())
    for name, text in files.items():
        (written.path / name).parent.mkdir(exist_ok=True)
        (written.path / name).write_text(text)
    outcome = outcomes(Project(written.ini), check)[check]
    assert outcome.severity is severity, outcome
    assert words in f"{outcome.reason}{outcome.findings}"
    assert not (tmp_path / "x.db").exists()


def test_without_a_setting_it_is_less_strict(tmp_path: Path) -> None:
    """Nobody said that an application uses the database: its logging, and engines in functions, are not judged."""
    written = Written(tmp_path / "shop", f"sqlite:///{tmp_path}/x.db", TABLES)
    (written.path / "pyproject.toml").write_text("")
    (written.path / "app.py").write_text(f"{ENGINE}def f():\n    return create_engine('sqlite:////x.db')\n")
    env = written.path / "migrations/env.py"
    env.write_text(env.read_text().replace("config = context.config", ROOT_LEVEL))
    results = outcomes(Project(written.ini), REACHES, "env-uses-database-url", SAME, LOGGING)
    assert [outcome.severity.value for outcome in results.values()] == ["ok", "skipped", "ok", "skipped"]
    (written.path / "app.py").write_text("from alembic import command\ncommand.upgrade(config, 'head')\n")
    assert outcomes(Project(written.ini), LOGGING)[LOGGING].severity is Severity.NOTE


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("'a'", "a"),
        ("BASE", "sqlite://"),
        ("f'{BASE}/x.db'", "sqlite:///x.db"),
        ("f'{BASE}{unknown}'", None),
        ("os.environ['PROOF_A']", "from env"),
        ("os.environ['PROOF_B']", None),
        ("os.getenv('PROOF_A')", "from env"),
        ("os.getenv('PROOF_B', 'default')", "default"),
        ("environ.get('PROOF_B')", None),
        ("settings.url", None),
        ("1", None),
    ],
)
def test_a_text_that_is_written_down(monkeypatch: pytest.MonkeyPatch, expression: str, value: str | None) -> None:
    """In literals, variables and the environment."""
    monkeypatch.setenv("PROOF_A", "from env")
    monkeypatch.delenv("PROOF_B", raising=False)
    assert _known_texts(ast.parse(f"BASE = 'sqlite://'\nx = {expression}")).get("x") == value


@pytest.mark.parametrize(
    ("place", "other", "pooled"),
    [
        ("postgresql: d at h:6432", "postgresql: d at h:5432", True),
        ("postgresql: d at pgbouncer:5432", "postgresql: d at h:5432", True),
        ("postgresql: d at h:6432", "postgresql: e at h:5432", False),
        ("postgresql: d at h:5433", "postgresql: d at h:5432", False),
        ("postgresql: d at a:6432", "postgresql: d at b:6432", False),
    ],
)
def test_a_pooler(place: str, other: str, pooled: bool) -> None:
    """Leads to the same database, and migrations go around it."""
    assert _is_pooled(place, other) is pooled


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("command.upgrade(config, 'head')", True),
        ("alembic.command.stamp(config, 'head')", True),
        ("command.check(config)", False),
        ("self.upgrade(x)", False),
    ],
)
def test_a_program_that_migrates(text: str, runs: bool) -> None:
    """Through Alembic's commands."""
    assert _runs_alembic(ast.parse(text)) is runs
