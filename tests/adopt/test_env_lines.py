"""The lines are told, or written on request; what no program can change is left alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import alembic
import pytest
from support.databases import rows
from support.written import Written

from alembic_proof import adopt
from alembic_proof.adopt.env_lines import use_library
from alembic_proof.errors import ProofError

PLAIN = """\
from alembic import context
from sqlalchemy import MetaData, create_engine

with create_engine("sqlite:///shop.db").connect() as connection:
    context.configure(connection=connection, target_metadata=MetaData())
    with context.begin_transaction():
        context.run_migrations()
"""


@pytest.fixture
def shop(tmp_path: Path) -> Written:
    """A project that does not use the library yet."""
    project = Written(tmp_path / "shop", "sqlite:///shop.db")
    (project.path / "migrations/env.py").write_text(PLAIN, "utf-8")
    return project


def test_they_are_told(shop: Written, capsys: pytest.CaptureFixture[str]) -> None:
    """As a diff, with the places; nothing else is done."""
    before = sorted(shop.path.rglob("*"))
    assert adopt.run(shop.ini) == 1
    output = capsys.readouterr().out
    assert "--- migrations/env.py\n+++ migrations/env.py\n@@ " in output
    assert "\n+from alembic_proof import migrating, options\n" in output
    assert output.endswith("Nothing was changed.\n")
    assert (shop.path / "migrations/env.py").read_text("utf-8") == PLAIN
    assert sorted(shop.path.rglob("*")) == before


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_they_are_written(shop: Written, newline: str) -> None:
    """With the line ends of the file; and only once."""
    env = shop.path / "migrations/env.py"
    env.write_bytes(PLAIN.replace("\n", newline).encode())
    assert use_library(shop.ini, write=True)
    text = env.read_bytes().decode()
    assert text.count(f"import migrating, options{newline}") == 1
    assert len(text.splitlines()) == text.count(newline) == PLAIN.count("\n") + 1
    assert use_library(shop.ini, write=True)
    assert env.read_bytes().decode() == text


@pytest.mark.parametrize(("first", "encoding"), [("", "utf-8-sig"), ("# coding: latin-1\n", "latin-1")])
def test_the_encoding_stays(shop: Written, first: str, encoding: str) -> None:
    """With its byte order mark; what is in none that Python knows of is left alone."""
    env = shop.path / "migrations/env.py"
    env.write_bytes(f"{first}# für\n{PLAIN}".encode(encoding))
    assert use_library(shop.ini, write=True)
    written = env.read_bytes()
    assert written == written.decode(encoding).encode(encoding)
    assert "# für\n" in written.decode(encoding)
    for content in (f"# für\n{PLAIN}".encode("latin-1"), PLAIN.encode("utf-16")):
        env.write_bytes(content)
        with pytest.raises(ProofError, match="save it as UTF-8"):
            use_library(shop.ini, write=True)
        assert env.read_bytes() == content


def test_what_is_not_recognised_is_left_alone(shop: Written) -> None:
    """It says why, and which lines it needs."""
    env = shop.path / "migrations/env.py"
    env.write_text(text := PLAIN.replace(".connect()", ".begin()"), "utf-8")
    with pytest.raises(ProofError) as error:
        use_library(shop.ini, write=True)
    assert "line 4 gets its connection from something else than engine.connect()" in str(error.value)
    assert "    from alembic_proof import migrating, options\n" in str(error.value)
    assert env.read_text("utf-8") == text
    env.unlink()
    with pytest.raises(ProofError, match=r"There is no migrations/env\.py"):
        use_library(shop.ini, write=True)


def test_several_databases_are_left_alone(shop: Written) -> None:
    """It says that the library is not for them."""
    env = shop.path / "migrations/env.py"
    shutil.copy(Path(alembic.__file__).parent / "templates/multidb/env.py", env)
    before = env.read_bytes()
    with pytest.raises(ProofError, match=r"migrates one database for each call of env\.py.*Nothing was changed\."):
        use_library(shop.ini, write=True)
    assert env.read_bytes() == before


def test_a_project_of_flask_migrate(shop: Written, capsys: pytest.CaptureFixture[str]) -> None:
    """What comes next is named as it is typed there."""
    shop.revision("first", None, "pass")
    config = shop.path / "migrations/alembic.ini"
    config.write_text("[alembic]\n")
    assert adopt.run(config, write_env=True) == 0
    assert "Next: flask db check, then alembic-proof doctor" in capsys.readouterr().out
    assert adopt.run(config) == 1
    assert "flask db stamp heads, and the doctor" in capsys.readouterr().err


def test_a_project_with_revisions(shop: Written, capsys: pytest.CaptureFixture[str]) -> None:
    """It gets the lines, and that is all; asked again, it has nothing to adopt."""
    shop.revision("first", None, "pass")
    assert adopt.run(shop.ini, write_env=True) == 0
    output = capsys.readouterr().out
    assert output.startswith("Changed: migrations/env.py")
    assert "The project has revisions, so nothing is to adopt. Next: alembic check" in output
    assert adopt.run(shop.ini, write_env=True) == 1
    assert capsys.readouterr().err.startswith("The project has revisions already, up to first")


def test_a_database_that_is_not_there_yet(shop: Written, capsys: pytest.CaptureFixture[str]) -> None:
    """There is nothing to adopt then, and what comes next is said; asked again, that is an error."""
    models = (
        "metadata = MetaData()\nTable('book', metadata, Column('id', Integer, primary_key=True))\n\nwith create_engine"
    )
    text = PLAIN.replace("with create_engine", models, 1).replace(
        "target_metadata=MetaData()", "target_metadata=metadata"
    )
    text = text.replace("import MetaData", "import Column, Integer, MetaData, Table")
    (shop.path / "migrations/env.py").write_text(text, "utf-8")
    assert adopt.run(shop.ini, write_env=True) == 0
    output = capsys.readouterr()
    assert output.out.startswith("Changed: migrations/env.py")
    assert "shop.db yet, so there is nothing to adopt. Next: alembic revision" in output.out
    assert output.err == ""
    assert not (shop.path / "shop.db").exists()
    assert adopt.run(shop.ini, write_env=True) == 1
    assert capsys.readouterr().err.startswith("There is no database sqlite")


def test_no_baseline_after_the_lines(shop: Written, capsys: pytest.CaptureFixture[str]) -> None:
    """That nothing was written is said of the baseline: the lines are there."""
    (shop.path / "migrations/env.py").write_text(PLAIN, "utf-8")
    rows(f"sqlite:///{shop.path / 'shop.db'}", "CREATE TABLE book (id INTEGER)")
    ended = "The lines in env.py are written, as is said above: run this again.\n"
    assert adopt.run(shop.ini, write_env=True) == 1
    assert capsys.readouterr().err.endswith(f"Nothing was written. {ended}")
    assert adopt.run(shop.ini, write_env=True) == 1
    assert capsys.readouterr().err.endswith("Nothing was written.\n")
