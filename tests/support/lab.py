"""A laboratory for autogenerate and migrations: Alembic's commands in this process, on models that a test writes."""

from __future__ import annotations

import io
import shutil
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import alembic
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import MetaData

from alembic_proof.prompts import Asker

from . import databases

ENV = '''\
"""As in a generated project; the models, and what else is handed to options(), come from the test."""

from alembic import context

from alembic_proof import connect, options

config = context.config
metadata, own = config.attributes["metadata"], config.attributes["own"]

if context.is_offline_mode():
    url = config.attributes["url"]
    context.configure(url=url, literal_binds=True, **options(url, target_metadata=metadata, **own))
    with context.begin_transaction():
        context.run_migrations()
else:
    with connect(config, lambda: config.attributes["url"]) as connection:
        context.configure(connection=connection, **options(connection, target_metadata=metadata, **own))
        with context.begin_transaction():
            context.run_migrations()
'''


class Lab:
    """A project without files but env.py and its revisions, on one database."""

    def __init__(self, directory: Path, url: str, settings: str = "") -> None:
        self.directory, self.url = directory / "lab", url
        self.versions = self.directory / "migrations/versions"
        self.versions.mkdir(parents=True)
        (self.directory / "migrations/env.py").write_text(ENV, encoding="utf-8")
        mako = Path(alembic.__file__).parent / "templates/generic/script.py.mako"
        shutil.copy(mako, self.directory / "migrations")
        (self.directory / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/migrations\n")
        (self.directory / "pyproject.toml").write_text(f"[tool.alembic-proof]\n{settings}\n", encoding="utf-8")
        self.engine = databases.engine_of(url)
        self.models = MetaData()
        self.output = io.StringIO()
        self.asker: Asker | None = None  # whom a question is put to; without one, nobody can be asked

    def config(self, *answers: str, **own: Any) -> Config:
        """Return a Config as a command has it: the answers are what -x says, the rest is handed to options()."""
        self.output = io.StringIO()
        config = Config(self.directory / "alembic.ini", stdout=self.output, output_buffer=self.output)
        config.cmd_opts = Namespace(x=list(answers))
        config.attributes |= {"connection": self.engine, "metadata": self.models, "own": own, "url": self.engine.url}
        if self.asker is not None:
            config.attributes["asker"] = self.asker
        return config

    def revision(self, models: MetaData, *answers: str, **own: Any) -> str:
        """Autogenerate a revision; return its text, or nothing if none was written."""
        self.models = models
        before = set(self.versions.glob("*.py"))
        with redirect_stdout(self.output):
            command.revision(self.config(*answers, **own), f"change {len(before) + 1}", autogenerate=True)
        return "".join(path.read_text("utf-8") for path in set(self.versions.glob("*.py")) - before)

    def upgrade(self, revision: str = "heads", **own: Any) -> None:
        """Upgrade the database."""
        command.upgrade(self.config(**own), revision)

    def downgrade(self, revision: str = "-1", *answers: str, **own: Any) -> None:
        """Downgrade the database; without answers, whatever it drops is meant."""
        command.downgrade(self.config(*(answers or ("allow-drop",)), **own), revision)

    def sql(self, revision: str = "heads", **own: Any) -> str:
        """Return what ``alembic upgrade --sql`` prints."""
        config = self.config(**own)
        command.upgrade(config, revision, sql=True)
        return self.output.getvalue()

    def differences(self, models: MetaData | None = None, **own: Any) -> str:
        """Return what ``alembic check`` says; nothing if it is quiet."""
        self.models = self.models if models is None else models
        try:
            command.check(self.config(**own))
        except CommandError as error:
            return str(error)
        return ""

    def change(self, models: MetaData, *answers: str, **own: Any) -> str:
        """Autogenerate a revision, upgrade to it, and let alembic check find nothing more; return its text."""
        text = self.revision(models, *answers, **own)
        assert text, "no revision was written"
        self.upgrade(**own)
        differences = self.differences(**own)
        assert differences == "", differences
        return text

    def refused(self, models: MetaData, *answers: str, **own: Any) -> str:
        """Let autogenerate stop without a new file, and return what it says."""
        before = sorted(self.versions.glob("*.py"))
        with pytest.raises(CommandError) as error:
            self.revision(models, *answers, **own)
        assert sorted(self.versions.glob("*.py")) == before
        return str(error.value)

    def write(self, revision: str, after: str | None, upgrade: str, downgrade: str = "pass") -> Path:
        """Write a revision by hand."""
        body, back = ("\n".join(f"    {line}" for line in text.splitlines()) for text in (upgrade, downgrade))
        path = self.versions / f"{revision}.py"
        head = (
            f"import sqlalchemy as sa\nfrom alembic import op\n\nrevision = {revision!r}\ndown_revision = {after!r}\n"
        )
        path.write_text(f"{head}\n\ndef upgrade():\n{body}\n\n\ndef downgrade():\n{back}\n", encoding="utf-8")
        return path

    def head(self) -> str | None:
        """Return the newest revision."""
        return ScriptDirectory.from_config(self.config()).get_current_head()

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement over a connection of its own and return its rows."""
        return databases.rows(self.url, statement)

    def schema(self) -> dict[str, list[str]]:
        """Return what is reflected of each table."""
        return databases.schema(self.url)


@contextmanager
def making_lab(kind: str, directory: Path, settings: str = "") -> Iterator[Lab]:
    """Make a laboratory on an empty database of a kind."""
    with databases.make_database(kind, directory) as url:
        lab = Lab(directory, url, settings)
        try:
            yield lab
        finally:
            lab.engine.dispose()
