"""Checks of what env.py passes to context.configure()."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.plain import plain_project
from support.reports import outcomes
from support.written import Written

from alembic_proof.doctor.findings import Severity
from alembic_proof.doctor.project import Project
from alembic_proof.doctor.watching import known_options

CONFIGURE = "context.configure(connection=connection, "
HOOK = "def run_migrations_offline():"
EXIST, ANSWER = "options-of-configure-exist", "hooks-give-answers"
TABLE = 'sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True))\n'
REACHES = "env-reaches-run-migrations"


@pytest.mark.parametrize("name", ["render_as_batch", "version_table", "version_table_pk", "autogenerate_plugins"])
def test_an_option_that_exists(name: str) -> None:
    """In the signature, or in the documentation of it."""
    assert name in known_options()
    assert not {"self", "kw"} & known_options()


@pytest.mark.parametrize(
    ("written", "severity", "words"),
    [
        ("render_as_batch=True, version_table='v', ", Severity.OK, ""),
        ("render_as_batches=True, ", Severity.PROBLEM, "write render_as_batch="),
        ("process_revision_directive=None, ", Severity.PROBLEM, "write process_revision_directives="),
        ("transaction_per_migrations=True, ", Severity.PROBLEM, "write transaction_per_migration="),
        ("version_table_shema='x', ", Severity.PROBLEM, "write version_table_schema="),
        ("compare_types=True, ", Severity.PROBLEM, "write compare_type="),
        ("includes_schemas=True, ", Severity.PROBLEM, "write include_schemas="),
        ("tenant='x', ", Severity.NOTE, "does not know tenant"),
    ],
)
def test_options_of_configure_exist(tmp_path: Path, written: str, severity: Severity, words: str) -> None:
    """The nearest name is the fix; the place is that of the call."""
    project = plain_project(tmp_path, (CONFIGURE, CONFIGURE + written))
    outcome = outcomes(project, EXIST)[EXIST]
    assert outcome.severity is severity
    assert words in f"{outcome.findings}"
    line = project.env.read_text().splitlines().index(f"        {CONFIGURE}{written}target_metadata=target_metadata)")
    assert {finding.where for finding in outcome.findings} <= {f"migrations/env.py:{line + 1}"}


def test_an_option_of_the_projects_own(tmp_path: Path) -> None:
    """Its hooks may read it from where Alembic keeps it."""
    files = {"migrations/hooks.py": "from alembic import context\ntenant = context.get_context().opts['tenant']\n"}
    project = plain_project(tmp_path, (CONFIGURE, f"{CONFIGURE}tenant='x', "), files=files)
    assert outcomes(project, EXIST)[EXIST].severity is Severity.OK


@pytest.mark.parametrize(
    ("option", "body", "severity", "words"),
    [
        ("include_object", "return True", Severity.OK, ""),
        ("include_object", "return False", Severity.OK, ""),  # meant so
        ("include_object", "if a[2] == 'table':\n        return True", Severity.PROBLEM, "for a column and an index"),
        ("include_object", "if not a[3]:\n        return True", Severity.PROBLEM, "None for a table"),  # if reflected
        ("include_object", "raise KeyError('x')", Severity.OK, ""),  # no answer at all
        ("include_name", "if a[1] == 'schema':\n        return a[0] is None", Severity.PROBLEM, "the name of a table"),
        ("render_item", "if a[0] == 'x':\n        return 'x'", Severity.PROBLEM, "None for a type: the word None"),
        ("render_item", "return False", Severity.OK, ""),
        ("compare_type", "return None", Severity.SKIPPED, ""),  # means: as Alembic sees it
    ],
)
def test_hooks_give_answers(tmp_path: Path, option: str, body: str, severity: Severity, words: str) -> None:
    """For each kind of object that the models have; the place is that of the function."""
    hook = f"def hook(*a):\n    {body}\n\n\n{HOOK}"
    project = plain_project(tmp_path, (HOOK, hook), (CONFIGURE, f"{CONFIGURE}{option}=hook, "))
    outcome = outcomes(project, ANSWER)[ANSWER]
    assert outcome.severity is severity
    assert words in f"{outcome.findings}"
    line = project.env.read_text().splitlines().index("def hook(*a):") + 1
    assert {finding.where for finding in outcome.findings} <= {f"migrations/env.py:{line}"}


@pytest.mark.parametrize(
    ("old", "new", "severity", "words"),
    [
        ("connection=connection, target", "url='sqlite:///a.db', target", Severity.PROBLEM, "is given no connection"),
        ("connection=connection, target", "connection, target", Severity.OK, ""),  # by its place
        ("connection=connection, target", "connection=connection, url='sqlite:///a.db', target", Severity.OK, ""),
    ],
)
def test_a_connection_is_given(tmp_path: Path, old: str, new: str, severity: Severity, words: str) -> None:
    """Online, nothing else leads to the database."""
    outcome = outcomes(plain_project(tmp_path, (old, new)), REACHES)[REACHES]
    assert outcome.severity is severity, outcome
    assert words in f"{outcome.findings}"


OURS = "options(connection, target_metadata=metadata"


@pytest.mark.parametrize("option", ["include_object", "include_name", "render_item"])
def test_of_a_project_with_the_library(tmp_path: Path, option: str) -> None:
    """Its own hook is asked, and has its own place; where it has none, this library's are not in question."""
    written = Written(tmp_path / "shop", f"sqlite:///{tmp_path}/x.db", TABLE)
    assert outcomes(Project(written.ini), ANSWER)[ANSWER].severity is Severity.SKIPPED
    env = written.path / "migrations/env.py"
    text = env.read_text().replace(OURS, f"{OURS}, {option}=hook")
    env.write_text(text.replace("def url", "def hook(*a):\n    return None\n\n\ndef url"))
    outcome = outcomes(Project(written.ini), ANSWER)[ANSWER]
    assert outcome.severity is Severity.PROBLEM
    line = env.read_text().splitlines().index("def hook(*a):") + 1
    assert {finding.where for finding in outcome.findings} == {f"migrations/env.py:{line}"}
