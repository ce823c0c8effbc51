"""Projects broken on purpose: the doctor must name the check, the place and the fix, and nothing else."""

import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import SERVERS, Project, make_database, rows

DISPATCH = """\
if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
"""
ENV = "migrations/env.py"
Break = Callable[[Project], object]


def env(old: str, new: str) -> Break:
    """Break env.py by replacing a text."""
    return lambda project: project.edit(ENV, old, new)


def hide_book(project: Project) -> None:
    """Register one model only, as a list of imports would that nobody keeps."""
    project.edit(
        "src/PACKAGE/models/__init__.py",
        "import_module(_module)",
        "_module.endswith('author') and import_module(_module)",
    )


def second_base(project: Project) -> None:
    """Add a model whose base class is not the project's."""
    text = "from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column\n\n\nclass Other(DeclarativeBase):\n    pass\n\n\n"
    text += "class Lost(Other):\n    __tablename__ = 'lost'\n    id: Mapped[int] = mapped_column(primary_key=True)\n"
    project.write("src/PACKAGE/models/sub/lost.py", text)


def two_heads(project: Project) -> None:
    """Two revisions that follow none."""
    project.revision("a1", None, "pass")
    project.revision("b2", None, "pass")


def incomplete_downgrade(project: Project) -> None:
    """A first revision whose downgrade() leaves a table."""
    project.ok("alembic", "revision", "--autogenerate", "-m", "first")
    name = next((project.path / "migrations/versions").glob("*.py")).relative_to(project.path)
    project.edit(str(name), "    op.drop_table('author')\n", "")


def model_without_revision(project: Project) -> None:
    """A column that no revision has yet."""
    project.ok("alembic", "revision", "--autogenerate", "-m", "first")
    project.edit(
        "src/PACKAGE/models/book.py",
        "    pages: Mapped[int]\n",
        "    pages: Mapped[int]\n    year: Mapped[int | None]\n",
    )


OPEN_TRANSACTION = "        conn.exec_driver_sql('SELECT 1')\n        context.configure(connection=conn,"
BROKEN: dict[str, tuple[Break, str, str]] = {
    "dispatch removed": (env(DISPATCH, ""), "env-runs-migrations", "env.py:"),
    "dispatch under main": (
        env(DISPATCH, 'if __name__ == "__main__":\n    run_migrations_online()\n'),
        "env-runs-migrations",
        "online or offline",
    ),
    "only offline": (
        env(DISPATCH, "if context.is_offline_mode():\n    run_migrations_offline()\n"),
        "env-runs-migrations",
        "reached online:",
    ),
    "only online": (
        env(DISPATCH, "if not context.is_offline_mode():\n    run_migrations_online()\n"),
        "env-runs-migrations",
        "reached offline:",
    ),
    "no run_migrations()": (
        env("            context.run_migrations()\n", "            pass\n"),
        "env-runs-migrations",
        "env.py:",
    ),
    "dispatch never true": (
        env(DISPATCH, f"if len('x') > 1:\n    {DISPATCH.replace(chr(10), chr(10) + '    ')}"),
        "env-reaches-run-migrations",
        "env.py",
    ),
    "metadata None": (
        env("autogenerate.with_tables(Base.metadata)", "None"),
        "metadata-is-the-models",
        "target_metadata is None or has no tables",
    ),
    "module not registered": (hide_book, "metadata-is-the-models", "models/book.py: it defines the table book"),
    "a second base": (second_base, "metadata-is-the-models", "models/sub/lost.py: it defines the table lost"),
    "create_all": (
        lambda p: p.write("src/PACKAGE/main.py", "from .models import Base\n\nBase.metadata.create_all()\n"),
        "no-create-all",
        "src/shop/main.py:3",
    ),
    "URL in the ini": (
        lambda p: p.edit("alembic.ini", "[alembic]\n", "[alembic]\nsqlalchemy.url = sqlite:///x.db\n"),
        "no-url-in-ini",
        "alembic.ini",
    ),
    "syntax error": (
        lambda p: p.write("src/PACKAGE/models/book.py", "class Book(:\n"),
        "files-parse",
        "models/book.py:1",
    ),
    "no template": (
        lambda p: (p.path / "migrations/script.py.mako").unlink(),
        "ini-leads-to-scripts",
        "script.py.mako",
    ),
    "empty template": (lambda p: p.write("migrations/script.py.mako", ""), "ini-leads-to-scripts", "script.py.mako"),
    "no versions": (
        lambda p: (p.path / "migrations/versions").rename(p.path / "gone"),
        "ini-leads-to-scripts",
        "versions",
    ),
    "no script_location": (
        lambda p: p.edit("alembic.ini", "script_location", "location"),
        "ini-leads-to-scripts",
        "alembic.ini",
    ),
    "two heads": (two_heads, "revisions-form-one-line", "alembic merge heads"),
    "a hole in the chain": (
        lambda p: p.revision("b2", "a1", "pass"),
        "revisions-form-one-line",
        "restore the file of revision a1",
    ),
    "a long id": (lambda p: p.revision("x" * 33, None, "pass"), "revisions-form-one-line", "32 characters"),
    "a model that raises": (
        lambda p: p.write("src/PACKAGE/models/bad.py", "raise RuntimeError('boom')\n"),
        "env-reaches-run-migrations",
        "models/bad.py:1: RuntimeError: boom",
    ),
    "nothing compared": (
        env('"alembic.autogenerate.*", ', ""),
        "autogenerate-sees-every-table",
        "autogenerate_plugins",
    ),
    "objects left out": (
        env("autogenerate.include_object", "lambda *_: False"),
        "autogenerate-sees-every-table",
        "include_object",
    ),
    "a transaction left open": (
        env("        context.configure(connection=conn,", OPEN_TRANSACTION),
        "upgrade-is-committed",
        "did not commit",
    ),
    "a URL of its own": (
        env(
            "with connection.connect(config) as conn:",
            "import sqlalchemy\n    with sqlalchemy.create_engine('sqlite:///own.db').connect() as conn:",
        ),
        "env-uses-database-url",
        "it connects to sqlite: ",
    ),
    "env.py leaves": (
        env("config = context.config", "raise SystemExit(0)"),
        "env-reaches-run-migrations",
        "env.py:11: SystemExit",
    ),
    "an error without a message": (
        env("config = context.config", "raise RuntimeError"),
        "env-reaches-run-migrations",
        "RuntimeError: without a message",
    ),
    "a name that is not there": (
        lambda p: p.edit("src/PACKAGE/models/book.py", "from .base import Base", "from .base import Base, Nope"),
        "env-reaches-run-migrations",
        "models/book.py:10: ImportError",
    ),
    "a missing module": (
        lambda p: (p.sources / "settings.py").unlink(),
        "env-reaches-run-migrations",
        "ImportError: cannot import name 'settings'",
    ),
    "no path to the package": (
        lambda p: p.edit("alembic.ini", "prepend_sys_path", "other"),
        "env-reaches-run-migrations",
        "No module named 'shop'",
    ),
    "a secret in a damaged ini": (
        lambda p: p.edit("alembic.ini", "[alembic]\n", "[alembic]\n[alembic]\npostgresql://u:p@h\n"),
        "ini-leads-to-scripts",
        "cannot be read",
    ),
    "two files with one id": (
        lambda p: (
            p.revision("a1", None, "pass")
            or p.write("migrations/versions/b.py", "revision = 'a1'\ndown_revision = None\n")
        ),
        "revisions-form-one-line",
        "its id a1 is also that of",
    ),
    "a table defined twice": (
        lambda p: p.write(
            "src/PACKAGE/models/other.py",
            "from sqlalchemy import Column, Integer, MetaData, Table\n\nbook = Table('book', MetaData(), Column('id', Integer))\n",
        ),
        "metadata-is-the-models",
        "models/other.py: it defines the table book",
    ),
    "an edited model": (model_without_revision, "models-match-revisions", "add_column book.year"),
    "an incomplete downgrade": (incomplete_downgrade, "downgrade-leaves-nothing", "leaves author behind"),
    "template without body": (
        lambda p: p.edit("migrations/script.py.mako", '${upgrades if upgrades else "pass"}', "pass"),
        "offline-prints-sql",
        "author",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_fault_is_found(project: Project, fault: str) -> None:
    """By the check that is about it and by no other, with a place and a fix."""
    breaks, check, words = BROKEN[fault]
    breaks(project)
    databases = list(project.path.rglob("*.db"))
    done = project.run("python", f"{project.sources}/db/doctor.py", "--no-live", PYTHONPATH="")
    assert list(project.path.rglob("*.db")) == databases
    assert re.findall(r"^PROBLEM +(\S+)", done.stdout, re.MULTILINE) == [check], done.stdout
    assert words in done.stdout, done.stdout
    assert "fix: " in done.stdout
    assert done.returncode == 1


def helper(project: Project) -> None:
    """Move the running of the migrations into a module of the project."""
    project.edit(ENV, DISPATCH, "helping.run(run_migrations_offline, run_migrations_online)\n")
    project.edit(ENV, "from shop.db import", "from shop import helping\nfrom shop.db import")
    project.write(
        "src/PACKAGE/helping.py",
        "from alembic import context\n\n\ndef run(a, b):\n    (a if context.is_offline_mode() else b)()\n",
    )


UNUSUAL: dict[str, Break] = {
    "as it was made": lambda project: None,
    "ternary": env(DISPATCH, "(run_migrations_offline if context.is_offline_mode() else run_migrations_online)()\n"),
    "variable": env(
        DISPATCH,
        "offline = context.is_offline_mode()\nif offline:\n    run_migrations_offline()\nif not offline:\n    run_migrations_online()\n",
    ),
    "function": env(DISPATCH, "def main() -> None:\n    " + DISPATCH.replace("\n", "\n    ") + "\n\nmain()\n"),
    "another module": helper,
    "try": env(DISPATCH, "try:\n    " + DISPATCH.replace("\n", "\n    ") + "\nexcept NameError:\n    pass\n"),
    "code after it": env(DISPATCH, DISPATCH + "\nprint('done')\n"),
    "metadata in a list": env('"target_metadata": target_metadata', '"target_metadata": [target_metadata]'),
    "comments": env(DISPATCH, "# target_metadata = None\n# Base.metadata.create_all()\n" + DISPATCH),
    "create_all in a test": lambda p: p.write("tests/test_x.py", "def test(m, e):\n    m.create_all(e)\n"),
    "a folder without __init__": lambda p: (
        (p.sources / "models/book.py").rename(p.write("src/PACKAGE/models/deep/er/x.py", "").with_name("book.py"))
        and p.edit("src/PACKAGE/models/deep/er/book.py", "from .", "from shop.models.")
    ),
}


@pytest.mark.parametrize("variation", UNUSUAL)
def test_no_false_alarm(project: Project, variation: str) -> None:
    """Unusual, but correct."""
    UNUSUAL[variation](project)
    if variation == "a folder without __init__":
        project.edit("src/PACKAGE/models/author.py", "from .book", "from .deep.er.book")
        project.edit("src/PACKAGE/models/deep/er/book.py", "models.models", "models") if "models.models" in (
            project.sources / "models/deep/er/book.py"
        ).read_text() else None
    done = project.doctor("--no-live")
    assert done.returncode == 0, done.stdout
    assert "0 PROBLEM, 0 unknown" in done.stdout


def test_the_three_questions(project: Project) -> None:
    """Which tables do the models register, which are in the database, what does Alembic see?"""
    assert "does not exist yet" in project.doctor().stdout
    assert not (project.path / "shop.db").exists()
    project.ok("alembic", "revision", "--autogenerate", "-m", "first")
    project.ok("alembic", "upgrade", "head")
    rows(f"sqlite:///{project.path}/shop.db", "DROP TABLE book")
    rows(f"sqlite:///{project.path}/shop.db", "CREATE TABLE legacy (id INTEGER)")
    said = project.doctor().stdout
    assert "The models register 2 tables: author, book" in said
    assert "has 2: author, legacy; it is at " in said
    assert re.search("Alembic sees 3 differences: .*add_table book.*", said), said
    assert "remove_table legacy" in said


def test_it_leaves_nothing_behind(project: Project, tmp_path: Path) -> None:
    """No file in the project, none in the temporary directory, and the live database as it was."""
    before = {path: path.stat().st_mtime_ns for path in project.path.rglob("*.*") if path.is_file()}
    (tmp_path / "tmp").mkdir()
    done = project.run("python", "-m", "shop.db", "doctor", TMPDIR=str(tmp_path / "tmp"), PYTHONDONTWRITEBYTECODE="")
    assert done.returncode == 0
    files = [path for path in project.path.rglob("*.*") if path.is_file() and "__pycache__" not in path.parts]
    after = {path: path.stat().st_mtime_ns for path in files}
    assert after == before
    assert not list((tmp_path / "tmp").iterdir())


def test_without_alembic_it_says_what_it_could_not_check(project: Project) -> None:
    """The static checks run with the standard library alone; the rest is unknown, and the exit code is 2."""
    command = ["python", "-I", "-S", str(project.sources / "db/doctor.py"), "--config", "alembic.ini"]
    done = subprocess.run(command, cwd=project.path, env=project.environment(), capture_output=True, encoding="utf-8")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "sqlalchemy is not installed for " in done.stdout
    assert "6 ok, 0 PROBLEM, 8 unknown" in done.stdout


def test_a_wrong_word_is_refused(project: Project) -> None:
    """With the usage, not a traceback."""
    done = project.run("python", "-m", "shop.db", "heal")
    assert done.returncode == 2
    assert "invalid choice: 'heal'" in done.stdout


def test_without_a_project_it_says_so(project: Project, tmp_path: Path) -> None:
    """In a sentence, at once, wherever it is started."""
    doctor = tmp_path / "doctor.py"
    shutil.copy(project.sources / "db/doctor.py", doctor)
    for arguments in ([], ["--config", "nowhere.ini"]):
        done = project.run("python", str(doctor), *arguments, cwd=tmp_path)
        assert done.returncode == 2
        assert re.fullmatch(
            "There is no (alembic.ini above .*|nowhere.ini): run this in the project, .*\\n", done.stdout
        )


@pytest.mark.parametrize("server", ["", "garbage", "postgres://u:s3cret@127.0.0.1:1/d", "sqlite:///x.db"])
def test_a_useless_test_database_is_said(project: Project, server: str) -> None:
    """What needs it is unknown, and no password is shown."""
    done = project.doctor("--no-live", TEST_DATABASE_URL=server)
    assert done.returncode == 2
    assert "there is no scratch database" in done.stdout
    assert "Traceback" not in done.stdout
    assert "s3cret" not in done.stdout


@pytest.mark.parametrize("kind", SERVERS)
def test_a_scratch_database_on_a_server_is_gone_afterwards(project: Project, kind: str, tmp_path: Path) -> None:
    """Also when the doctor is interrupted."""
    for url in make_database(kind, tmp_path):
        done = project.doctor("--no-live", TEST_DATABASE_URL=url)
        assert done.returncode == 0, done.stdout
        project.write("src/PACKAGE/models/slow.py", "import time\n\nopen('begun', 'w').close()\ntime.sleep(60)\n")
        running = project.start("python", "-m", "shop.db", "doctor", TEST_DATABASE_URL=url)
        while not (project.path / "begun").exists():
            assert running.poll() is None, running.communicate()[0]
        running.send_signal(signal.SIGINT)
        said = running.communicate()[0]
        assert "Traceback" not in said
        assert running.returncode == 130
        left = (
            "SELECT datname FROM pg_database"
            if kind == "postgresql"
            else "SELECT schema_name FROM information_schema.schemata"
        )
        assert not [name for (name,) in rows(url, left) if name.startswith("scratch_")]
