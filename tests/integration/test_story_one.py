"""The empty upgrade() (scenarios.md, 1), replayed: what took an evening takes one command."""

import os
import re

import pytest
import yaml
from sqlalchemy import NullPool, create_engine, inspect, make_url
from support.databases import SERVERS, rows
from support.project import Project

NAMES = [
    "availabilities",
    "events",
    "event_final_choices",
    "participants",
    "social_accounts",
    "event_time_slots",
    "users",
]
MODEL = '''\
"""Part of the story."""

from sqlalchemy.orm import Mapped, mapped_column

from .base import Base


class {name}(Base):
    """A table of the service."""

    __tablename__ = "{name}"

    id: Mapped[int] = mapped_column(primary_key=True)
'''
VERIFIED = '''\
"""The new model."""

from datetime import datetime

from sqlalchemy import DateTime, String, func
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base


class VerifiedEmail(Base):
    """An address that somebody has proved to be theirs."""

    __tablename__ = "verified_emails"

    id: Mapped[int] = mapped_column(primary_key=True, index=True)
    email: Mapped[str] = mapped_column(String(254), unique=True, index=True)
    verified_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
'''
DISPATCH = """\
if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
"""


def server_of(database: str) -> dict[str, str]:
    """Return the variable that names the server of a database to the project's tests and doctor."""
    kind = make_url(database).get_backend_name()
    return {"TEST_DATABASE_URL": os.environ[SERVERS[kind]]} if kind in SERVERS else {}


@pytest.fixture
def service(project: Project, database: str) -> Project:
    """The service of the story, with its seven tables in the database."""
    for example in ("author", "book"):
        (project.sources / f"models/{example}.py").unlink()
    (project.path / "tests/test_models.py").unlink()
    for name in NAMES:
        project.write(f"src/PACKAGE/models/{name}.py", MODEL.format(name=name))
    project.alembic("revision --autogenerate -m service", "upgrade head", DATABASE_URL=database)
    return project


def test_the_empty_upgrade_cannot_pass_unnoticed(service: Project, database: str) -> None:
    """env.py loses its last lines; alembic is content, but the doctor, the tests and the CI are not."""
    service.write("src/PACKAGE/models/verified_email.py", VERIFIED)
    service.edit("migrations/env.py", DISPATCH, "")
    service.ok(
        "alembic", "revision", "--autogenerate", "-m", "verified emails", "--rev-id", "empty", DATABASE_URL=database
    )
    empty = next((service.path / "migrations/versions").glob("*empty*")).read_text(encoding="utf-8")
    assert '"""Apply this revision."""\n    pass\n' in empty
    assert "verified_emails" not in empty
    service.alembic("upgrade head", "check", DATABASE_URL=database)

    steps = yaml.safe_load((service.path / ".github/workflows/ci.yml").read_text(encoding="utf-8"))["jobs"]["test"][
        "steps"
    ]
    ci = [step["run"] for step in steps if re.match("pytest|alembic-proof doctor", step.get("run", ""))]
    assert len(ci) == 2
    for command in ("alembic-proof doctor", *ci):
        done = service.run(*command.split(), DATABASE_URL=database)
        assert done.returncode == 1, done.stdout
        place = r"migrations/env.py:\d+: context.run_migrations\(\) is never reached online or offline"
        assert re.search(place, done.stdout), done.stdout
        assert all(line.strip() in done.stdout for line in DISPATCH.splitlines())
    done = service.doctor(DATABASE_URL=database)
    # The evening's three questions.
    assert "The models register 8 tables: " in done.stdout
    assert "has 7 tables: " in done.stdout, done.stdout
    seen = "Alembic sees 3 differences: add_table verified_emails, add_index ix_verified_emails_email, "
    assert f"{seen}add_index ix_verified_emails_id" in done.stdout

    service.write("migrations/env.py", (service.path / "migrations/env.py").read_text(encoding="utf-8") + DISPATCH)
    service.alembic(
        "upgrade head", "revision --autogenerate -m 'verified emails'", "upgrade head", "check", DATABASE_URL=database
    )
    healthy = service.doctor(DATABASE_URL=database, **server_of(database))
    assert healthy.returncode == 0, healthy.stdout
    with create_engine(database, poolclass=NullPool).connect() as connection:
        indexes = {index["name"]: index["unique"] for index in inspect(connection).get_indexes("verified_emails")}
        nullable = {column["name"]: column["nullable"] for column in inspect(connection).get_columns("verified_emails")}
    assert (bool(indexes["ix_verified_emails_email"]), bool(indexes["ix_verified_emails_id"])) == (True, False)
    assert nullable == {"id": False, "email": False, "verified_at": False}
    rows(database, "INSERT INTO verified_emails (id, email) VALUES (1, 'a@b.example')")
    assert rows(database, "SELECT verified_at IS NOT NULL FROM verified_emails")[0][0]
