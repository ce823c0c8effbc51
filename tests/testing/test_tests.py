"""The tests that a project imports by name: each passes for a sound project, and fails with a reason for another."""

from __future__ import annotations

from pathlib import Path

import psycopg  # noqa: F401  # what pytester imports it forgets again: the next psycopg would be at odds with its C part
import pytest
from support.written import Written

pytest_plugins = ["pytester"]
OFF = [f"-pno:{name}" for name in ("cacheprovider", "hypothesispytest", "pytest_cov", "xdist", "xdist.looponfail")]
MODELS = 'sa.Table("book", metadata, sa.Column("id", sa.Integer, primary_key=True))'
CREATE = 'op.create_table("book", sa.Column("id", sa.Integer, primary_key=True))'


@pytest.fixture
def shop(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Written:
    """A project at pytest's root directory."""
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2] / "src"))
    (pytester.path / "pytest.ini").write_text("[pytest]\n")
    return Written(pytester.path, "sqlite:///own.db", MODELS)


def run(pytester: pytest.Pytester, name: str) -> pytest.RunResult:
    """Run one of the tests in this process."""
    pytester.makepyfile(test_shop=f"from alembic_proof.testing.tests import {name}")
    return pytester.runpytest_inprocess("-p", "alembic_proof.testing.plugin", *OFF, "-rA")


def test_rows(pytester: pytest.Pytester, shop: Written) -> None:
    """One test for each revision, with the revision's id; before there is one, for the one that would be written."""
    run(pytester, "test_rows_survive").stdout.fnmatch_lines(["PASSED*::test_rows_survive[[]the first one[]]"])
    shop.revision("r1", None, CREATE, "op.drop_table('book')")
    shop.revision("r2", "r1", "op.execute('DELETE FROM book')")
    result = run(pytester, "test_rows_survive")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["r2.py: upgrade() loses data: book.id had the value*"])
    result.stdout.fnmatch_lines(["PASSED*[[]r1[]]", "FAILED*[[]r2[]] - *r2.py: upgrade() loses d*"])


def test_the_doctor(pytester: pytest.Pytester, shop: Written) -> None:
    """It finds nothing, or the report is what the test fails with."""
    shop.revision("r1", None, CREATE, "op.drop_table('book')")
    run(pytester, "test_the_doctor_finds_nothing").assert_outcomes(passed=1)
    shop.revision("r1", None, CREATE)
    result = run(pytester, "test_the_doctor_finds_nothing")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*PROBLEM*"])


def test_the_server(
    pytester: pytest.Pytester, shop: Written, monkeypatch: pytest.MonkeyPatch, postgresql: str, mysql: str
) -> None:
    """It is of the same kind as the project's own."""
    name = "test_server_is_of_the_projects_kind"
    env = shop.path / ".env"
    env.write_text(f"SHOP_URL={postgresql}\n")
    result = run(pytester, name)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*The project is for postgresql, and TEST_DATABASE_URL leads the tests to sqlite.*"])
    monkeypatch.setenv("TEST_DATABASE_URL", postgresql)
    run(pytester, name).assert_outcomes(passed=1)
    env.rename(shop.path / ".env.example")
    run(pytester, name).assert_outcomes(passed=1)
    env.write_text(f"SHOP_URL={mysql}\n")
    run(pytester, name).assert_outcomes(failed=1)
    env.write_text("")
    (shop.path / ".env.example").unlink()
    run(pytester, name).assert_outcomes(skipped=1)
