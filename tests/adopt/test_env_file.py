"""The lines that an env.py needs are put into their places, and nothing else of it changes."""

from __future__ import annotations

import ast
import difflib
from pathlib import Path

import alembic
import flask_migrate
import pytest

from alembic_proof.adopt.env_file import IMPORT, SeveralDatabasesError, UnknownEnvError, with_library

ENV = """\
from alembic import context
from models import engine, target_metadata

with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=target_metadata)

    with context.begin_transaction():
        context.run_migrations()
"""
CONNECT = "with engine.connect() as connection:"
CONFIGURE = "context.configure(connection=connection, target_metadata=target_metadata)"
USUAL = {"+" + IMPORT, f"+{CONNECT[:-1]}, migrating(connection):"}
CONFIGURED = "+    context.configure(connection=connection, **options(connection, target_metadata=target_metadata))"


def added(source: str) -> set[str]:
    """Return the lines that are added to a source, with a + before each."""
    result = with_library(source)
    ast.parse(result)
    lines = difflib.unified_diff(source.splitlines(), result.splitlines(), n=0, lineterm="")
    return {line for line in lines if line.startswith("+") and not line.startswith("+++")}


# What is replaced in ENV, by what, and the added lines that differ from the usual ones.
RECOGNISED: dict[str, tuple[str, str, set[str]]] = {
    "as it is": ("", "", USUAL | {CONFIGURED}),
    "hooks": (
        "target_metadata=target_metadata)",
        "target_metadata=target_metadata, include_object=mine, **more)",
        USUAL | {f"{CONFIGURED[:-2]}, include_object=mine, **more))"},
    ),
    "the connection comes last": (
        CONFIGURE,
        "context.configure(target_metadata=target_metadata, connection=connection)",
        USUAL | {CONFIGURED},
    ),
    "the connection is in the middle": (
        CONFIGURE,
        "context.configure(target_metadata=target_metadata, connection=connection, compare_type=True)",
        USUAL | {f"{CONFIGURED[:-2]}, compare_type=True))"},
    ),
    "several lines": (
        CONFIGURE,
        "context.configure(\n        connection=connection,\n        # ours\n        target_metadata=target_metadata,"
        "  # all\n        compare_type=True,\n    )",
        USUAL
        | {
            "+        **options(",
            "+            connection,",
            "+            target_metadata=target_metadata,  # all",
            "+            compare_type=True,",
            "+        ),",
        },
    ),
    "a version table": (
        "target_metadata=target_metadata)",
        'target_metadata=target_metadata, version_table="v", version_table_schema=SCHEMA)',
        {
            "+" + IMPORT,
            f"+{CONNECT[:-1]}, migrating(connection, version_table='v', version_table_schema=SCHEMA):",
            f'{CONFIGURED[:-2]}, version_table="v", version_table_schema=SCHEMA))',
        },
    ),
    "a comment behind the import": ("import context", "import context  # noqa", USUAL | {CONFIGURED}),
    "another transaction before": (
        CONNECT,
        "def run_offline():\n    with context.begin_transaction():\n        pass\n\nif True:",
        {"+" + IMPORT, "+    with migrating(connection), context.begin_transaction():", CONFIGURED},
    ),
    "a name is taken": (
        "\nwith engine",
        "\noptions = {}\nwith engine",
        {
            "+import alembic_proof",
            f"+{CONNECT[:-1]}, alembic_proof.migrating(connection):",
            CONFIGURED.replace("options(", "alembic_proof.options("),
        },
    ),
    "two items": (
        CONNECT,
        "with logged(), engine.connect() as connection:",
        {"+" + IMPORT, "+with logged(), engine.connect() as connection, migrating(connection):", CONFIGURED},
    ),
    "a connection that was opened elsewhere": (
        CONNECT,
        "if True:",
        {"+" + IMPORT, "+    with migrating(connection), context.begin_transaction():", CONFIGURED},
    ),
    "letters of several bytes": (
        CONNECT,
        'with engine("흰").connect() as connection:',
        {"+" + IMPORT, '+with engine("흰").connect() as connection, migrating(connection):', CONFIGURED},
    ),
}


@pytest.mark.parametrize("case", RECOGNISED)
def test_what_is_recognised(case: str) -> None:
    """The connection, or the transaction, becomes exclusive, and options() gets all that configure() got."""
    old, new, lines = RECOGNISED[case]
    assert added(ENV.replace(old, new) if old else ENV) == lines


TEMPLATES = [
    *(Path(alembic.__file__).parent / f"templates/{name}/env.py" for name in ("generic", "async", "pyproject")),
    *(Path(str(flask_migrate.__file__)).parent / f"templates/{name}/env.py" for name in ("flask", "aioflask")),
]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.parent.name)
def test_every_template(path: Path) -> None:
    """Of Alembic and Flask-Migrate: an import, the connection or the transaction, and what configure() gets."""
    lines = added(path.read_text("utf-8"))
    assert "+" + IMPORT in lines
    assert len([line for line in lines if "migrating(connection)" in line]) == 1
    assert len([line for line in lines if "**options(" in line]) == 1


MULTIDB = [
    Path(alembic.__file__).parent / "templates/multidb/env.py",
    *(Path(str(flask_migrate.__file__)).parent / f"templates/{name}-multidb/env.py" for name in ("flask", "aioflask")),
]


@pytest.mark.parametrize("path", MULTIDB, ids=lambda path: path.parent.name)
def test_several_databases(path: Path) -> None:
    """It says that it is that, and where."""
    with pytest.raises(SeveralDatabasesError, match=r"line \d+ configures several databases in turn"):
        with_library(path.read_text("utf-8"))


# What is replaced in ENV, by what, and words of the reason.
NOT_RECOGNISED = {
    "two databases": (CONFIGURE, f"{CONFIGURE}\n    {CONFIGURE}", "is called in 2 places"),
    "none": (CONFIGURE, "helper(connection)", "is called in 0 places"),
    "an item of something": (CONFIGURE, CONFIGURE.replace("=connection", '=all["a"]'), "line 5 does not call"),
    "no models": (CONFIGURE, "context.configure(connection=connection)", "without target_metadata"),
    "a transaction": (CONNECT, "with engine.begin() as connection:", "line 4 gets its connection from"),
    "no transaction": ("with context.begin_transaction()", "with a()", "no `with context.begin_transaction():`"),
    "no Python": (CONNECT, "with engine.connect() as:", "line 4 cannot be read as Python"),
    "a long text": (CONFIGURE, CONFIGURE.replace(")", ',\n    a="""\n""")'), "a text of several lines"),
}


@pytest.mark.parametrize("case", NOT_RECOGNISED)
def test_what_is_not_recognised(case: str) -> None:
    """It says why."""
    old, new, words = NOT_RECOGNISED[case]
    source = ENV.replace(old, new)
    if case == "no transaction":
        source = source.replace(CONNECT, "if True:")
    with pytest.raises(UnknownEnvError, match=words.replace("(", r"\(").replace(")", r"\)")):
        with_library(source)
