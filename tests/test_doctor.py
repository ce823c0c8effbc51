"""Projects broken on purpose: the doctor must name the check, the place and the fix, and nothing else."""

import hashlib
import json
import os
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import SERVERS, Project, make_database, rows
from sqlalchemy import make_url

DISPATCH = """\
if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
"""
ENV, INI, MAKO = "migrations/env.py", "alembic.ini", "migrations/script.py.mako"
BOOK, MODELS = "src/PACKAGE/models/book.py", "src/PACKAGE/models/"
Break = Callable[[Project], None]


def edit(file: str, old: str, new: str) -> Break:
    """Replace a text in a file."""

    def act(project: Project) -> None:
        project.edit(file, old, new)

    return act


def write(file: str, *lines: str) -> Break:
    """Write a file."""

    def act(project: Project) -> None:
        project.write(file, "".join(f"{line}\n" for line in lines))

    return act


def move(file: str, to: str) -> Break:
    """Move a file or directory to somewhere else in the project."""

    def act(project: Project) -> None:
        target = project.write(to, "").parent / Path(to).name
        target.unlink()
        (project.path / file.replace("PACKAGE", project.package)).rename(target)

    return act


def revisions(**follows: str | None) -> Break:
    """Write revisions by hand: the id of each, and of the one that it follows."""

    def act(project: Project) -> None:
        for revision, before in follows.items():
            project.revision(revision, before, "pass")

    return act


def both(first: Break, second: Break) -> Break:
    """Do two things."""

    def act(project: Project) -> None:
        first(project)
        second(project)

    return act


def first_revision(project: Project) -> None:
    """Autogenerate a revision with all the tables; of a project in the same state again, copy what that has made."""
    before = {path.relative_to(project.path): path.read_bytes() for path in project.path.rglob("*") if path.is_file()}
    state = hashlib.sha256(repr(sorted(before.items())).encode()).hexdigest()
    if state not in _MADE:
        project.ok("alembic", "revision", "--autogenerate", "-m", "first", "--rev-id", "a0")
        versions = project.path / "migrations/versions"
        next(versions.glob("*_a0_first.py")).rename(versions / "first.py")
        after = (path.relative_to(project.path) for path in project.path.rglob("*") if path.is_file())
        _MADE[state] = {path: (project.path / path).read_bytes() for path in after if path not in before}
    for path, content in _MADE[state].items():
        (project.path / path).write_bytes(content)


_MADE: dict[str, dict[Path, bytes]] = {}


SECOND_BASE = """\
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Other(DeclarativeBase):
    pass


class Lost(Other):
    __tablename__ = "lost"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
SAME_NAME = """\
from sqlalchemy import Column, Integer, MetaData, Table

book = Table("book", MetaData(), Column("id", Integer))
"""
OWN_URL = """\
import sqlalchemy
    with sqlalchemy.create_engine("sqlite:///own.db").connect() as conn:"""
CONNECT, CONFIGURE = "with connection.connect(config) as conn:", "context.configure(connection=conn,"
UNDER_MAIN = 'if __name__ == "__main__":\n    run_migrations_online()\n'
ONLY_OFFLINE = "if context.is_offline_mode():\n    run_migrations_offline()\n"
ONLY_ONLINE = "if not context.is_offline_mode():\n    run_migrations_online()\n"
NEVER = "if len('x') > 1:\n    " + DISPATCH.replace("\n", "\n    ")
HIDE_BOOK = "module.endswith('author') and import_module(module)"
YEAR = "    pages: Mapped[int]\n    year: Mapped[int | None]\n"
CONFIG = "config = context.config"

# What is broken: how, the check that must say so, and words that it must say.
BROKEN: dict[str, tuple[Break, str, str]] = {
    "no template": (move(MAKO, "gone"), "ini-leads-to-scripts", "script.py.mako"),
    "empty template": (write(MAKO), "ini-leads-to-scripts", "script.py.mako"),
    "no versions": (move("migrations/versions", "gone"), "ini-leads-to-scripts", "versions"),
    "no script_location": (
        edit(INI, "script_location", "location"),
        "ini-leads-to-scripts",
        "it has no script_location",
    ),
    "damaged ini": (
        edit(INI, "[alembic]", "[alembic]\n[alembic]\nx://u:p@h"),
        "ini-leads-to-scripts",
        "cannot be read",
    ),
    "URL in the ini": (
        edit(INI, "[alembic]", "[alembic]\nsqlalchemy.url = sqlite:///x.db"),
        "no-url-in-ini",
        "alembic.ini",
    ),
    "dispatch removed": (edit(ENV, DISPATCH, ""), "env-runs-migrations", "env.py:"),
    "dispatch under main": (edit(ENV, DISPATCH, UNDER_MAIN), "env-runs-migrations", "online or offline"),
    "only offline": (edit(ENV, DISPATCH, ONLY_OFFLINE), "env-runs-migrations", "reached online:"),
    "only online": (edit(ENV, DISPATCH, ONLY_ONLINE), "env-runs-migrations", "reached offline:"),
    "nothing run": (edit(ENV, "    context.run_migrations()", "    pass"), "env-reaches-run-migrations", "env.py"),
    "create_all": (
        write("src/PACKAGE/main.py", "def f(metadata):", "    metadata.create_all()"),
        "no-table-outside-migrations",
        "main.py:2",
    ),
    "two heads": (revisions(a1=None, b2=None), "revisions-form-one-line", "alembic merge heads"),
    "a hole in the chain": (revisions(b2="a1"), "revisions-form-one-line", "restore the file of revision a1"),
    "a long id": (revisions(**{"x" * 33: None}), "revisions-form-one-line", "32 characters"),
    "two files with one id": (
        both(revisions(a1=None), write("migrations/versions/b.py", "revision = 'a1'", "down_revision = None")),
        "revisions-form-one-line",
        "its id a1 is also that of",
    ),
    "dispatch never true": (edit(ENV, DISPATCH, NEVER), "env-reaches-run-migrations", "env.py"),
    "a model that raises": (
        write(f"{MODELS}bad.py", "raise RuntimeError('boom')"),
        "env-reaches-run-migrations",
        "models/bad.py:1: RuntimeError: boom",
    ),
    "a name that is not there": (
        edit(BOOK, "import Base", "import Base, Nope"),
        "env-reaches-run-migrations",
        "models/book.py:10: ImportError",
    ),
    "env.py leaves": (edit(ENV, CONFIG, "raise SystemExit(0)"), "env-reaches-run-migrations", "env.py:11: SystemExit"),
    "no message": (edit(ENV, CONFIG, "raise OSError"), "env-reaches-run-migrations", "OSError: without a message"),
    "no settings": (
        move("src/PACKAGE/settings.py", "gone"),
        "env-reaches-run-migrations",
        "cannot import name 'settings'",
    ),
    "no path": (edit(INI, "prepend_sys_path", "other"), "env-reaches-run-migrations", "No module named 'shop'"),
    "a URL of its own": (edit(ENV, CONNECT, OWN_URL), "env-uses-database-url", "it connects to sqlite: "),
    "metadata None": (
        edit(ENV, "autogenerate.with_tables(Base.metadata)", "None"),
        "metadata-is-the-models",
        "is None or",
    ),
    "module not registered": (
        edit(f"{MODELS}__init__.py", "import_module(module)", HIDE_BOOK),
        "metadata-is-the-models",
        "models/book.py: it defines the table book",
    ),
    "a second base": (
        write(f"{MODELS}sub/lost.py", SECOND_BASE),
        "metadata-is-the-models",
        "lost.py: it defines the table lost",
    ),
    "a table's name taken": (
        write(f"{MODELS}other.py", SAME_NAME),
        "metadata-is-the-models",
        "other.py: it defines the table book",
    ),
    "nothing compared": (
        edit("src/PACKAGE/db/autogenerate/__init__.py", '"alembic.autogenerate.*",', ""),
        "autogenerate-sees-every-table",
        "autogenerate_plugins",
    ),
    "objects left out": (
        edit(ENV, "autogenerate.include_object(context.script)", "lambda *_: False"),
        "autogenerate-sees-every-table",
        "include_object",
    ),
    "template without body": (
        edit(MAKO, '${upgrades if upgrades else "pass"}', "pass"),
        "offline-prints-sql",
        "author",
    ),
    "a transaction left open": (
        edit(ENV, CONFIGURE, f"conn.exec_driver_sql('SELECT 1')\n        {CONFIGURE}"),
        "upgrade-is-committed",
        "did not commit",
    ),
    "an edited model": (
        both(first_revision, edit(BOOK, "    pages: Mapped[int]\n", YEAR)),
        "models-match-revisions",
        "add_column book.year",
    ),
    "an incomplete downgrade": (
        both(first_revision, edit("migrations/versions/first.py", "    op.drop_table('author')\n", "")),
        "downgrade-leaves-nothing",
        "leaves author behind",
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


HELPER = """\
from alembic import context


def run(a, b):
    (a if context.is_offline_mode() else b)()
"""
VARIABLE = """\
offline = context.is_offline_mode()
if offline:
    run_migrations_offline()
if not offline:
    run_migrations_online()
"""
INDENTED = DISPATCH.replace("\n", "\n    ")
UNUSUAL: dict[str, Break] = {
    "as it was made": revisions(),
    "a table whose name needs quotes": edit(f"{MODELS}book.py", '__tablename__ = "book"', '__tablename__ = "order"'),
    "ternary": edit(
        ENV, DISPATCH, "(run_migrations_offline if context.is_offline_mode() else run_migrations_online)()\n"
    ),
    "variable": edit(ENV, DISPATCH, VARIABLE),
    "function": edit(ENV, DISPATCH, f"def main() -> None:\n    {INDENTED}\n\nmain()\n"),
    "another module": both(
        both(
            edit(ENV, DISPATCH, "helping.run(run_migrations_offline, run_migrations_online)\n"),
            edit(ENV, "from shop.db import", "from shop import helping\nfrom shop.db import"),
        ),
        write("src/PACKAGE/helping.py", HELPER),
    ),
    "try": edit(ENV, DISPATCH, f"try:\n    {INDENTED}\nexcept NameError:\n    pass\n"),
    "code after it": edit(ENV, DISPATCH, f"{DISPATCH}\nprint('done')\n"),
    "metadata in a list": edit(ENV, '"target_metadata": target_metadata', '"target_metadata": [target_metadata]'),
    "comments": edit(ENV, DISPATCH, f"# target_metadata = None\n# Base.metadata.create_all()\n{DISPATCH}"),
    "create_all in a test": write("tests/test_x.py", "def test(metadata):", "    metadata.create_all()"),
    "another create_all": write("src/PACKAGE/shop.py", "def f(thumbnails):", "    thumbnails.create_all()"),
    "a folder without __init__": both(
        both(move(BOOK, f"{MODELS}deep/er/book.py"), edit(f"{MODELS}deep/er/book.py", "from .", "from shop.models.")),
        edit(f"{MODELS}author.py", "from .book", "from .deep.er.book"),
    ),
}


@pytest.mark.parametrize("variation", UNUSUAL)
def test_no_false_alarm(project: Project, variation: str) -> None:
    """Unusual, but correct."""
    UNUSUAL[variation](project)
    done = project.doctor("--no-live")
    assert done.returncode == 0, done.stdout
    assert "0 PROBLEM, 0 unknown" in done.stdout


def test_the_three_questions(project: Project) -> None:
    """Which tables do the models register, which are in the database, what does Alembic see?"""
    assert "does not exist yet" in project.doctor().stdout
    assert not (project.path / "shop.db").exists()
    project.alembic("revision --autogenerate -m first", "upgrade head")
    rows(f"sqlite:///{project.path}/shop.db", "DROP TABLE book")
    rows(f"sqlite:///{project.path}/shop.db", "CREATE TABLE legacy (id INTEGER)")
    said = project.doctor().stdout
    assert "The models register 2 tables: author, book" in said
    assert "has 2: author, legacy; it is at " in said
    assert "In no model, and left alone by autogenerate: legacy" in said
    assert "Alembic sees 2 differences: add_table book, add_index ix_book_author_id" in said


def test_it_sees_what_alembic_check_sees(project: Project) -> None:
    """Server defaults and CHECKs by name are in env.py's options, tables of others are not."""
    first_revision(project)
    project.ok("alembic", "upgrade", "head")
    project.edit(BOOK, "    pages: Mapped[int]\n", "    pages: Mapped[int] = mapped_column(server_default='7')\n")
    project.edit(BOOK, '"pages_positive"', '"pages_above_zero"')
    said = project.doctor().stdout
    assert "Alembic sees 3 differences: " in said
    assert "modify_default book.pages" in said


def test_it_leaves_nothing_behind(project: Project, tmp_path: Path) -> None:
    """No file in the project, none in the temporary directory, and the live database as it was."""

    def files() -> dict[Path, int]:
        found = (path for path in project.path.rglob("*.*") if "__pycache__" not in path.parts)
        return {path: path.stat().st_mtime_ns for path in found if path.is_file()}

    before = files()
    (tmp_path / "tmp").mkdir()
    done = project.run("python", "-m", "shop.db", "doctor", TMPDIR=str(tmp_path / "tmp"), PYTHONDONTWRITEBYTECODE="")
    assert done.returncode == 0
    assert files() == before
    assert not list((tmp_path / "tmp").iterdir())


def test_without_alembic_it_says_what_it_could_not_check(project: Project) -> None:
    """The static checks run with the standard library alone; the rest is unknown, and the exit code is 2."""
    command = ["python", "-I", "-S", str(project.sources / "db/doctor.py"), "--config", "alembic.ini"]
    done = subprocess.run(command, cwd=project.path, env=project.environment(), capture_output=True, encoding="utf-8")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "sqlalchemy is not installed for " in done.stdout
    assert "9 ok, 0 PROBLEM, 28 unknown" in done.stdout


def test_a_wrong_word_is_refused(project: Project) -> None:
    """With the usage, not a traceback."""
    done = project.run("python", "-m", "shop.db", "heal")
    assert done.returncode == 2
    assert "invalid choice: 'heal'" in done.stdout


def test_without_a_project_it_says_so(project: Project, tmp_path: Path) -> None:
    """In a sentence, at once, wherever it is started."""
    doctor = tmp_path / "doctor.pyz"
    project.ok("python", "-m", "shop.db", "doctor", "--pack", str(doctor))
    for arguments in ([], ["--config", "nowhere.ini"]):
        done = project.run("python", str(doctor), *arguments, cwd=str(tmp_path))
        assert done.returncode == 2
        assert re.fullmatch(
            "There is no (alembic.ini above .*|nowhere.ini): run this in the project, .*\\n", done.stdout
        )


@pytest.mark.parametrize("server", ["", "garbage", "postgres://u:s3cret@127.0.0.1:1/d", "sqlite:///x.db"])
def test_a_useless_test_database_is_said(project: Project, server: str) -> None:
    """What needs it is unknown, and no password is shown."""
    done = project.doctor("--no-live", TEST_DATABASE_URL=server)
    assert done.returncode == 2
    assert "there is no scratch database: TEST_DATABASE_URL cannot be used" in done.stdout
    suite = project.run("pytest", TEST_DATABASE_URL=server)
    assert suite.returncode != 0
    assert "TEST_DATABASE_URL cannot be used" in suite.stdout
    assert "Traceback" not in done.stdout + suite.stdout
    assert "s3cret" not in done.stdout + suite.stdout


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("kind", SERVERS)
def test_a_scratch_database_on_a_server_is_gone_afterwards(
    project: Project, kind: str, by: signal.Signals, tmp_path: Path
) -> None:
    """Also when the doctor is interrupted."""
    for url in make_database(kind, tmp_path):
        mine = f"mine_{make_url(url).database}"  # tests that run at the same time have scratch databases, too
        project.edit("src/PACKAGE/db/doctor_checks/standin.py", 'f"scratch_', f'f"{mine}_')
        done = project.doctor("--no-live", TEST_DATABASE_URL=url)
        assert done.returncode == 0, done.stdout
        project.write("src/PACKAGE/models/slow.py", "import time\n\nopen('begun', 'w').close()\ntime.sleep(60)\n")
        running = project.start("python", "-m", "shop.db", "doctor", TEST_DATABASE_URL=url)
        while not (project.path / "begun").exists():
            assert running.poll() is None, running.communicate()[0]
        running.send_signal(by)
        said = running.communicate()[0]
        assert "Traceback" not in said
        assert running.returncode == 130
        left = (
            "SELECT datname FROM pg_database"
            if kind == "postgresql"
            else "SELECT schema_name FROM information_schema.schemata"
        )
        assert not [name for (name,) in rows(url, left) if name.startswith(mine)]


def test_what_sqlite_cannot_tell_of_a_postgresql_project_is_unknown(project: Project, postgresql: str) -> None:
    """Without a test server, a revision that SQLite cannot run is no problem; the project's tests skip and say why."""
    project.write(".env", f"DATABASE_URL={postgresql}\n")
    first_revision(project)
    project.ok("alembic", "upgrade", "head")
    project.edit(BOOK, "    pages: Mapped[int]\n", "    pages: Mapped[int] = mapped_column(unique=True)\n")
    project.alembic("revision --autogenerate -m unique", "upgrade head")
    done = project.doctor()
    assert done.returncode == 2, done.stdout
    assert "only SQLite is at hand for a postgresql project: set TEST_DATABASE_URL" in done.stdout
    assert "set TEST_DATABASE_URL" in project.ok("pytest", "-rs")
    server = {"TEST_DATABASE_URL": os.environ[SERVERS["postgresql"]]}
    assert project.doctor(**server).returncode == 0
    assert "skipped" not in project.ok("pytest", **server)


def test_a_type_left_behind_is_named_with_the_line_that_drops_it(project: Project, postgresql: str) -> None:
    """PostgreSQL: a downgrade drops the table, not the enum's type."""
    project.write(".env", f"DATABASE_URL={postgresql}\n")
    project.edit(BOOK, "    pages: Mapped[int]\n", "    pages: Mapped[int]\n    kind: Mapped[Kind]\n")
    project.edit(BOOK, "class Book", 'class Kind(enum.Enum):\n    NOVEL = "novel"\n\n\nclass Book')
    project.edit(BOOK, "from typing import", "import enum\nfrom typing import")
    first_revision(project)
    project.edit("migrations/versions/first.py", "    op.execute('DROP TYPE kind')\n", "")
    done = project.doctor("--no-live", TEST_DATABASE_URL=postgresql)
    assert done.returncode == 1
    assert "alembic downgrade base leaves type kind behind" in done.stdout
    assert "op.execute('DROP TYPE kind')" in done.stdout


def test_the_report_for_machines(project: Project) -> None:
    """JSON, and nothing else on the output: every check, its verdict, its findings, the answers, the exit code."""
    project.edit(ENV, DISPATCH, "")
    done = project.doctor("--json")
    report = json.loads(done.stdout)
    assert report["exit_code"] == done.returncode == 1
    assert report["questions"]["models"] == ["author", "book"]
    checks = {check["id"]: check for check in report["checks"]}
    assert {check["stage"] for check in checks.values()} == {"static", "probe", "scratch", "live"}
    (finding,) = checks["env-runs-migrations"]["findings"]
    assert finding["where"].startswith("migrations/env.py:")
    assert DISPATCH.strip() in finding["fix"]
    assert checks["upgrade-is-committed"]["verdict"] == "unknown"
    assert report["summary"]["problem"] == 1
    assert report["summary"]["unknown"] == sum(check["verdict"] == "unknown" for check in checks.values())


def test_every_check_is_explained(project: Project) -> None:
    """With its title, and at least a sentence on why it matters."""
    ids = [check["id"] for check in json.loads(project.doctor("--json").stdout)["checks"]]
    blocks = project.doctor("--explain", "all").stdout.strip().split("\n\n")  # titles and explanations in turn
    assert [title.split()[0] for title in blocks[::2]] == ids
    assert all(explanation.endswith((".", "data")) for explanation in blocks[1::2])
    assert "is never reached" not in project.doctor("--explain", "no-table-outside-migrations").stdout
    done = project.doctor("--explain", "nonsense")
    assert done.returncode == 2
    assert "there is no check 'nonsense'; there are: files-parse, " in done.stdout


def test_one_check_alone(project: Project) -> None:
    """What it builds upon runs as well, unreported; if that fails, it is said."""
    done = project.doctor("--only", "downgrade-leaves-nothing")
    assert done.stdout.splitlines()[-1] == "1 ok, 0 PROBLEM, 0 unknown"
    project.edit(ENV, DISPATCH, "")
    done = project.doctor("--only", "downgrade-leaves-nothing")
    assert done.returncode == 2
    assert "(env-reaches-run-migrations comes first)" in done.stdout
    assert project.doctor("--only", "static").returncode == 1


def test_a_file_that_does_not_parse_is_unknown(project: Project) -> None:
    """As nobody can tell what is in it: not broken, and not sound."""
    project.write(BOOK, "class Book(:\n")
    done = project.doctor("--no-live")
    assert done.returncode == 2
    assert "not checked: src/shop/models/book.py:1 cannot be read as Python" in done.stdout
    assert "PROBLEM " not in done.stdout


def test_the_live_database_is_only_read(project: Project, database: str) -> None:
    """Its connection cannot write, and the doctor leaves tables, rows and version as they were."""
    project.write(".env", f"DATABASE_URL={database}\n")
    first_revision(project)
    project.ok("alembic", "upgrade", "head")
    rows(database, "INSERT INTO author (name) VALUES ('한강')")
    server = {} if database.startswith("sqlite") else {"TEST_DATABASE_URL": database}
    done = project.doctor(**server)
    assert done.returncode == 0, done.stdout
    assert rows(database, "SELECT name FROM author") == [("한강",)]
    program = (
        "import sys; from sqlalchemy import make_url; from shop.db.doctor_checks.live import reading\n"
        "with reading(make_url(sys.argv[1])).begin() as connection:\n"
        "    connection.exec_driver_sql('DELETE FROM author')"
    )
    done = project.run("python", "-c", program, database)
    assert done.returncode == 1
    assert re.search(r"read.?only", done.stdout, re.IGNORECASE), done.stdout
    assert rows(database, "SELECT count(*) FROM author") == [(1,)]


def test_a_live_database_that_is_not_there_is_unknown(project: Project) -> None:
    """Not sound; and the password is not shown."""
    project.write(".env", "DATABASE_URL=postgresql://shop:s3cret@127.0.0.1:1/shop\n")
    done = project.doctor()
    assert done.returncode == 2
    assert "postgresql+psycopg://shop:***@127.0.0.1:1/shop cannot be read: " in done.stdout
    assert "s3cret" not in done.stdout
    project.write(".env", "")
    done = project.doctor()
    assert done.returncode == 2
    assert "DATABASE_URL is not set, neither in the environment nor in " in done.stdout


def test_the_git_tree_stays_as_it_is(project: Project) -> None:
    """Also the index, which git itself likes to refresh."""
    git = ("git", "-c", "user.name=n", "-c", "user.email=e@x")
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
        project.ok(*git, *command)
    project.ok("touch", "alembic.ini")  # its time differs from the index now
    index = (project.path / ".git/index").read_bytes()
    assert project.doctor().returncode == 0
    assert (project.path / ".git/index").read_bytes() == index
    assert project.ok("git", "status", "--porcelain") == ""


RENAMED = """
import sys
from alembic import command
from alembic.script import ScriptDirectory

private, upgrade = ScriptDirectory._upgrade_revs, command.upgrade
del ScriptDirectory._upgrade_revs


def upgraded(*arguments, **options):
    ScriptDirectory._upgrade_revs = private
    upgrade(*arguments, **options)
    del ScriptDirectory._upgrade_revs


command.upgrade = upgraded
from shop.db import doctor
sys.exit(doctor.main(["--no-live"]))
"""


def test_an_alembic_whose_private_names_have_changed(project: Project) -> None:
    """What is read from them is unknown; the rest is checked."""
    done = project.run("python", "-c", RENAMED)
    assert done.returncode == 2
    assert "this Alembic has no ScriptDirectory._upgrade_revs" in done.stdout
    assert done.stdout.splitlines()[-1] == "28 ok, 0 PROBLEM, 1 unknown"
