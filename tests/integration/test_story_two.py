"""One schema, many malls: fourteen changes, each brought to twenty databases and taken back."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from support.databases import make_database, rows
from support.project import Project

from alembic_proof import recipes

MALLS = 20
ROWS = (
    "INSERT INTO author (id, name) VALUES (1, 'Melville'), (2, 'Nobody')",
    "INSERT INTO book (id, author_id, title, pages) VALUES (1, 1, 'Moby Dick', 635), (2, 1, 'Typee', 12)",
    "CREATE TABLE shelf (id INTEGER PRIMARY KEY, code VARCHAR(20), UNIQUE (code))",
)


@pytest.mark.slow
def test_fourteen_changes_in_twenty_databases(project: Project, tmp_path: Path) -> None:
    """A generated project: after each change all are the same, after its undoing as well, and no row is lost."""
    with ExitStack() as stack:
        urls = [stack.enter_context(make_database("postgresql", tmp_path)) for _ in range(MALLS)]
        file = tmp_path / "malls.txt"
        file.write_text("".join(f"mall {n} {url}\n" for n, url in enumerate(urls)))

        def fleet(*arguments: str) -> str:
            done = subprocess.run(
                [sys.executable, "-m", "alembic_proof", "fleet", *arguments, "--targets", str(file)],
                cwd=project.path,
                env={**os.environ, **project.environment()},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, (arguments, done.stdout, done.stderr)
            return done.stdout

        project.alembic("revision --autogenerate -m first --rev-id first", DATABASE_URL=urls[0])
        project.revision("shelf", "first", ROWS[2].join(["op.execute('", "')"]), "op.drop_table('shelf')")
        assert f"{MALLS} targets: {MALLS} upgraded" in fleet("upgrade")
        for url in urls:
            for statement in ROWS[:2]:
                rows(url, statement)
        assert len(recipes.read()) == 14
        for recipe in recipes.read():
            revision = project.path / "migrations/versions/recipe.py"
            header = "import sqlalchemy as sa\nfrom alembic import op\n\nrevision, down_revision = 'recipe', 'shelf'\n"
            revision.write_text(f"{header}\n\n{recipe.code[0]}", encoding="utf-8")
            # Each compares the schemas with those that the revisions build.
            assert f"{MALLS} targets: {MALLS} upgraded" in fleet("upgrade", "--workers", "2"), recipe.title
            back = fleet("downgrade", "shelf", "-x", "allow-drop", "--workers", "2")
            assert f"{MALLS} targets: {MALLS} downgraded" in back, recipe.title
            for url in urls:
                assert rows(url, "SELECT id, title, pages FROM book ORDER BY id") == [
                    (1, "Moby Dick", 635),
                    (2, "Typee", 12),
                ], recipe.title
            revision.unlink()
        assert f"{MALLS} as the revisions build them" in fleet("drift")
        assert f"{MALLS} at head" in fleet("status")
