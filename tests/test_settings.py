"""DATABASE_URL: where it is read from, what becomes of it, and what is said when it is of no use."""

import os
from pathlib import Path
from urllib.parse import quote

import pytest
from conftest import Project
from sqlalchemy import make_url

SHOW = "from shop import settings; print(settings.database_url().render_as_string(hide_password=False))"


def resolved(project: Project, url: str) -> str:
    """Return what the project makes of a URL."""
    return project.ok("python", "-c", SHOW, DATABASE_URL=url).strip()


@pytest.mark.parametrize(
    ("given", "drivername"),
    [
        ("postgres://u@h/d", "postgresql+psycopg"),
        ("postgresql://u@h/d", "postgresql+psycopg"),
        ("postgresql+asyncpg://u@h/d", "postgresql+psycopg"),
        ("mysql://u@h/d", "mysql+pymysql"),
        ("mariadb://u@h/d", "mariadb+pymysql"),
        ("mysql+aiomysql://u@h/d", "mysql+pymysql"),
        ("sqlite+aiosqlite:////d", "sqlite+pysqlite"),
        ("sqlite:////d", "sqlite+pysqlite"),
    ],
)
def test_the_installed_synchronous_driver_is_taken(project: Project, given: str, drivername: str) -> None:
    """Whichever way the database is named."""
    assert make_url(resolved(project, given)).drivername == drivername


PASSWORD = "p%40 %@:/#?&=+ü한국 '\"\\$x${HOME}"


@pytest.mark.parametrize("source", ["environment", ".env", ".env of Windows"])
def test_any_password_reaches_the_driver(project: Project, source: str) -> None:
    """Percent-encoded as .env.example says, from the environment and from .env."""
    url = f"postgresql://u:{quote(PASSWORD, safe='')}@h/d"
    show = "from shop import settings; import sys; sys.stdout.buffer.write(settings.database_url().password.encode())"
    if source == "environment":
        assert project.ok("python", "-c", show, DATABASE_URL=url) == PASSWORD
        return
    text = f"DATABASE_URL={url}\n"
    (project.path / ".env").write_bytes(
        b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode() if "Windows" in source else text.encode()
    )
    assert project.ok("python", "-c", show) == PASSWORD


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("", "DATABASE_URL in the environment is empty"),
        ("nonsense", "is not a URL"),
        ("postgresql://u:p@h:port/d", "is not a URL"),
        ("postgresql://u:s3cret@h:5432x/d", "is not a URL"),
        ("oracle://u@h/d", "unknown database 'oracle'"),
        ("postgresql+nope://u@h/d", "unknown driver 'nope'"),
        ("postgresql+psycopg2://u:s3cret@h/d", "driver 'psycopg2', which is not installed"),
        ("postgresql://u:s3cret@h", "names no database"),
        ("postgresql://u:ge@s3cret@127.0.0.1/x", "is not a URL"),
        ("postgresql+asyncpg://u:s3cret@127.0.0.1:5432/d?ssl=require", "Cannot connect to postgresql+psycopg://u:***@"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("sqlite:///file:x?mode=memory&uri=true", "in memory"),
        ("sqlite:////no/such/directory/x.db", "Cannot connect to sqlite"),
        ("postgresql://u:s3cret@127.0.0.1:1/d", "Cannot connect to postgresql+psycopg://u:***@127.0.0.1:1/d"),
        ("mysql://u:s3cret@127.0.0.1:1/d", "Cannot connect to mysql+pymysql://u:***@127.0.0.1:1/d"),
    ],
)
def test_alembic_says_in_a_sentence_what_is_wrong(project: Project, given: str, words: str) -> None:
    """Exit code not 0, no traceback, no password."""
    done = project.run("alembic", "current", DATABASE_URL=given)
    assert done.returncode != 0
    assert words in done.stdout
    assert "Traceback" not in done.stdout
    assert "s3cret" not in done.stdout


def test_a_missing_url_names_the_file_and_the_fix(project: Project) -> None:
    """What a stranger sees after cloning the project."""
    (project.path / ".env").unlink()
    done = project.run("alembic", "current")
    assert done.returncode != 0
    assert f"neither in the environment nor in {project.path / '.env'}: copy .env.example to .env" in done.stdout
    assert "Traceback" not in done.stdout


def test_the_environment_wins(project: Project) -> None:
    """Over .env."""
    project.write(".env", "DATABASE_URL=sqlite:////from/dotenv\n")
    assert resolved(project, "sqlite:////from/environment") == "sqlite+pysqlite:////from/environment"
    assert project.ok("python", "-c", SHOW).strip() == "sqlite+pysqlite:////from/dotenv"


@pytest.mark.parametrize("where", ["migrations/versions", "src", "/"])
def test_every_working_directory_leads_to_the_same_database(project: Project, where: str) -> None:
    """With the .env of the project, and a relative path in it."""
    shown = project.run("alembic", "-c", str(project.path / "alembic.ini"), "upgrade", "head", cwd=where)
    assert shown.returncode == 0, shown.stdout
    assert f"Database: sqlite+pysqlite:///{project.path}/shop.db" in shown.stdout
    assert (project.path / "shop.db").exists()
    assert project.run("python", "-c", SHOW, cwd=where).stdout.strip() == f"sqlite+pysqlite:///{project.path}/shop.db"


@pytest.mark.parametrize(
    ("given", "path"), [("a.db", "a.db"), ("./b/../a.db", "b/../a.db"), ("file:a.db?uri=true", "file:a.db")]
)
def test_a_relative_path_begins_at_the_projects_root(project: Project, given: str, path: str) -> None:
    """Also in a file: URI."""
    expected = f"file:{project.path}/a.db" if path.startswith("file:") else f"{project.path}/{path}"
    assert make_url(resolved(project, f"sqlite:///{given}")).database == expected


def test_an_odd_directory_is_no_obstacle(project: Project, tmp_path: Path) -> None:
    """A path with a space, quotes and Korean letters; a percent sign is refused, as Alembic cannot read such a path."""
    odd = tmp_path / "ein 가 'b'"
    project.path.rename(odd)
    project = Project(odd, project.home)
    project.alembic("revision --autogenerate -m first", "upgrade head")
    assert (odd / "shop.db").exists()
    assert project.doctor().returncode == 0


@pytest.mark.parametrize("value", ["soon", "-1", "nan"])
def test_a_setting_in_seconds_is_a_number(project: Project, value: str) -> None:
    """Or a sentence says that it is not."""
    done = project.run("alembic", "upgrade", "head", MIGRATION_TIMEOUT=value)
    assert done.returncode != 0
    assert "MIGRATION_TIMEOUT in the environment must be a number of seconds" in done.stdout
    assert "Traceback" not in done.stdout


def test_importing_needs_no_database(project: Project) -> None:
    """Not even a DATABASE_URL."""
    (project.path / ".env").unlink()
    project.ok("python", "-c", "import shop, shop.db, shop.models, shop.settings")
    assert not (project.path / "shop.db").exists()
    assert os.listdir(project.path / "migrations/versions") == [".gitkeep"]
