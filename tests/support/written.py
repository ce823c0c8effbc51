"""A project with its models in env.py, written by a test: this process can run it, and no module of it stays."""

from __future__ import annotations

import io
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import alembic
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

ENV = """\
from pathlib import Path

import sqlalchemy as sa
from alembic import context
from alembic_proof import connect, database_url, options

config = context.config
metadata = sa.MetaData(naming_convention=CONVENTION)
MODELS


def url():
    return database_url("SHOP_URL", project=Path(config.config_file_name).parent)


if context.is_offline_mode():
    context.configure(url=url(), literal_binds=True, **options(url(), target_metadata=metadata))
    with context.begin_transaction():
        context.run_migrations()
else:
    with connect(config, url) as connection:
        context.configure(connection=connection, **options(connection, target_metadata=metadata))
        with context.begin_transaction():
            context.run_migrations()
"""
CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
MAKO = Path(alembic.__file__).parent / "templates/generic/script.py.mako"


class Written:
    """A project on a database, whose URL is in its file .env."""

    def __init__(self, path: Path, url: str, models: str = "") -> None:
        self.path, self.url = path, url
        self.ini = path / "alembic.ini"
        self.versions = path / "migrations/versions"
        self.versions.mkdir(parents=True)
        self.ini.write_text("[alembic]\nscript_location = %(here)s/migrations\npath_separator = os\n", "utf-8")
        (path / "pyproject.toml").write_text('[tool.alembic-proof]\ndatabase-variable = "SHOP_URL"\n', "utf-8")
        (path / ".env").write_text(f"SHOP_URL={url}\n", "utf-8")
        (path / "migrations/script.py.mako").write_text(MAKO.read_text("utf-8"), "utf-8")
        self.set_models(models)

    def set_models(self, models: str, convention: Any = CONVENTION) -> None:
        """Replace the models: code that defines tables on ``metadata``, with SQLAlchemy as ``sa``."""
        env = ENV.replace("CONVENTION", repr(convention)).replace("MODELS", models)
        (self.path / "migrations/env.py").write_text(env, "utf-8")
        self.models = models

    def create_all(self, convention: Any = CONVENTION) -> None:
        """Create the tables of the models as an application that knows no migrations does."""
        metadata = sa.MetaData(naming_convention=convention)
        exec(self.models, {"sa": sa, "metadata": metadata})
        engine = sa.create_engine(self.url)
        metadata.create_all(engine)
        engine.dispose()

    def alembic(self, name: str, *arguments: str, x: Sequence[str] = (), **options: object) -> str:
        """Run one of Alembic's commands in this process, and return what it prints."""
        output = io.StringIO()
        config = Config(self.ini, stdout=output, output_buffer=output)
        config.cmd_opts = Namespace(x=list(x))
        getattr(command, name)(config, *arguments, **options)
        return output.getvalue()

    def revision(self, name: str, after: str | None, upgrade: str, downgrade: str = "pass", line: str = "") -> Path:
        """Write a revision by hand; its file has one more line on request."""
        body, back = ("\n".join(f"    {line}" for line in code.splitlines()) for code in (upgrade, downgrade))
        path = self.versions / f"{name}.py"
        head = f"import sqlalchemy as sa\nfrom alembic import op\n\nrevision = {name!r}\ndown_revision = {after!r}\n"
        path.write_text(f"{head}{line}\n\n\ndef upgrade():\n{body}\n\n\ndef downgrade():\n{back}\n", "utf-8")
        return path

    def chain(self, revisions: dict[str, str]) -> None:
        """Write revisions, one after the other."""
        after = None
        for name, upgrade in revisions.items():
            self.revision(name, after, upgrade)
            after = name
