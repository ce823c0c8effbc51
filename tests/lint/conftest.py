"""A project to lint, in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.written import Written

from alembic_proof import lint

TABLES = """\
op.create_table("author", sa.Column("id", sa.Integer, primary_key=True))
op.create_table(
    "book",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("author_id", sa.Integer),
    sa.Column("title", sa.String(200)),
    sa.Column("pages", sa.Integer),
)
op.create_foreign_key("fk_known", "book", "author", ["author_id"], ["id"])
op.create_index("ix_known", "book", ["author_id"])"""


@pytest.fixture
def shop(tmp_path: Path) -> Written:
    """A project without models."""
    return Written(tmp_path / "shop", "sqlite:///shop.db")


@pytest.fixture
def run(shop: Written, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., object]:
    """A function that lints the project on a server, or without one; it returns the exit code and what is printed."""

    def run(server: str | None, since: str | None = None) -> tuple[int, str]:
        monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
        if server:
            monkeypatch.setenv("TEST_DATABASE_URL", server)
            (shop.path / ".env").write_text(f"SHOP_URL={server}\n", "utf-8")
        capsys.readouterr()
        return lint.run(shop.ini, since), capsys.readouterr().out

    return run


@pytest.fixture
def chain(shop: Written) -> Callable[[dict[str, str]], None]:
    """A function that writes revisions after one that creates the tables author and book."""
    return lambda revisions: shop.chain({"tables": TABLES, **revisions})
