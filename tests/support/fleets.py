"""Many databases with one schema, and a project that migrates them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from alembic_proof.fleet import Options, Outcome, Project, Target, from_file, migrate_fleet
from alembic_proof.fleet.report import Line, Speaker

from . import databases

ENV = '''\
"""As in a generated project."""

from alembic import context
from sqlalchemy import MetaData

from alembic_proof import connect, database_url, options

if context.is_offline_mode():
    url = database_url("SHOP_URL")
    context.configure(url=url, literal_binds=True, **options(url, target_metadata=MetaData()))
    with context.begin_transaction():
        context.run_migrations()
else:
    with connect(context.config, lambda: database_url("SHOP_URL")) as connection:
        context.configure(connection=connection, **options(connection, target_metadata=MetaData()))
        with context.begin_transaction():
            context.run_migrations()
'''
CREATE_SHOP = "op.create_table('shop', sa.Column('id', sa.Integer, primary_key=True), sa.Column('name', sa.String(50)))"
CREATE_GOODS = (
    "op.create_table('goods', sa.Column('id', sa.Integer, primary_key=True), sa.Column('price', sa.Integer))\n"
    "op.create_index('ix_goods_price', 'goods', ['price'])"
)


class Heard(Speaker):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.told: list[Line] = []

    def say(self, sentence: str) -> None:
        """Keep a sentence."""
        self.said.append(sentence)

    def tell(self, line: Line) -> None:
        """Keep what became of a target."""
        self.told.append(line)

    def states(self) -> dict[str, str]:
        """Return the last state of each target."""
        return {line.name: line.state for line in self.told}


class Fleet:
    """A project with revisions, and its targets."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "fleet"
        self.versions = self.directory / "migrations/versions"
        self.versions.mkdir(parents=True)
        self.env = self.directory / "migrations/env.py"
        self.env.write_text(ENV, encoding="utf-8")
        (self.directory / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/migrations\n")
        (self.directory / "pyproject.toml").write_text('[tool.alembic-proof]\ndatabase-variable = "SHOP_URL"\n')
        self.targets: list[Target] = []
        self.x: tuple[str, ...] = ()  # what is given to env.py as -x
        self._last: str | None = None

    @property
    def project(self) -> Project:
        """Return the project, whose revisions are read anew."""
        from alembic_proof.fleet.history import history

        history.cache_clear()
        return Project(self.directory / "alembic.ini", x=self.x)

    def revision(self, name: str, upgrade: str, downgrade: str = "pass") -> None:
        """Write the next revision."""
        body, back = ("\n".join(f"    {line}" for line in text.splitlines()) for text in (upgrade, downgrade))
        head = (
            f"import sqlalchemy as sa\nfrom alembic import op\n\nrevision = {name!r}\ndown_revision = {self._last!r}\n"
        )
        (self.versions / f"{name}.py").write_text(
            f"{head}\n\ndef upgrade():\n{body}\n\n\ndef downgrade():\n{back}\n",
            encoding="utf-8",
        )
        self._last = name

    def upgrade(self, executor: Executor | None = None, **options: object) -> tuple[Outcome, Heard]:
        """Migrate all targets, by default in this process; return the outcome, and what was said."""
        heard = Heard()
        with ThreadPoolExecutor(1) as here:
            given = Options(**{"executor": executor or here, "workers": 1, **options})  # type: ignore[arg-type]
            return migrate_fleet(self.project, self.targets, given, heard), heard

    def file(self) -> str:
        """Write the targets into a file, and return its path."""
        path = self.directory / "targets.txt"
        lines = []
        for target in self.targets:
            schema = f" schema={target.schema}" if target.schema else ""
            lines.append(f"{target.name} {target.address.render_as_string(hide_password=False)}{schema}\n")
        path.write_text("".join(lines), encoding="utf-8")
        return str(path)

    def rows(self, name: str, statement: str) -> list[tuple[object, ...]]:
        """Run a statement on a target and return its rows."""
        return databases.rows(self.url(name), statement)

    def url(self, name: str) -> str:
        """Return a target's URL."""
        target = next(target for target in self.targets if target.name == name)
        return target.address.render_as_string(hide_password=False)


@contextmanager
def making_fleet(kind: str, number: int, directory: Path) -> Iterator[Fleet]:
    """Make a project and so many empty databases of a kind, called mall-1, mall-2, ..."""
    fleet = Fleet(directory)
    with ExitStack() as stack:
        urls = [stack.enter_context(databases.make_database(kind, directory)) for _ in range(number)]
        lines = [f"mall-{n} {url}" for n, url in enumerate(urls, 1)]
        fleet.targets = from_file(lines, "the test", directory)
        yield fleet
