"""A project as ``alembic init`` begins one, with its models in env.py: this process can run it."""

from __future__ import annotations

from pathlib import Path

import alembic

from alembic_proof.doctor.project import Project

ENV = """\
import sqlalchemy as sa
from alembic import context

config = context.config
target_metadata = sa.MetaData()
sa.Table(
    "a",
    target_metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(20), unique=True, index=True),
)


def run_migrations_offline():
    context.configure(url=config.get_main_option("sqlalchemy.url"), target_metadata=target_metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online():
    connectable = sa.create_engine(config.get_main_option("sqlalchemy.url"))
    with connectable.connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
"""
INI = """\
[alembic]
script_location = %(here)s/migrations
path_separator = os
sqlalchemy.url = sqlite:///%(here)s/a.db
"""
MAKO = Path(alembic.__file__).parent / "templates/generic/script.py.mako"


def plain_project(root: Path, *edits: tuple[str, str], files: dict[str, str] | None = None) -> Project:
    """Write such a project, with texts replaced in its env.py and with other files, and return it."""
    env = ENV
    for old, new in edits:
        assert old in env, old
        env = env.replace(old, new)
    written = {"alembic.ini": INI, "migrations/env.py": env, "migrations/script.py.mako": MAKO.read_text("utf-8")}
    for name, text in {**written, "migrations/versions/.gitkeep": "", **(files or {})}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Project(root / "alembic.ini")
