"""compose.yaml: it is what the Compose Specification describes, and .env leads to its server."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from dotenv import dotenv_values
from sqlalchemy import make_url
from support.project import Project

SCHEMA = json.loads(Path(__file__).with_name("compose_spec").joinpath("compose-spec.json").read_text("utf-8"))
SERVERS = ("postgresql", "mysql")
Render = Callable[..., Project]


def composed(project: Project) -> Any:
    """Return the services of a project, as valid as the specification's schema says."""
    compose = yaml.safe_load((project.path / "compose.yaml").read_text("utf-8"))
    jsonschema.Draft7Validator(SCHEMA).validate(compose)
    return compose


def test_a_file_needs_no_server(render: Render) -> None:
    """A project on SQLite has none of it."""
    assert not (render(database="sqlite").path / "compose.yaml").exists()


@pytest.mark.parametrize("database", SERVERS)
def test_dotenv_leads_to_the_server(render: Render, database: str) -> None:
    """Host, port, user, password and database; nobody else reaches it; and the tests' databases are there, too."""
    project = render(database=database)
    server = composed(project)["services"]["database"]
    values = dotenv_values(project.path / ".env.example", interpolate=False)
    own, tests = (make_url(str(values[name])) for name in ("DATABASE_URL", "TEST_DATABASE_URL"))
    assert server["ports"] == [f"{own.host}:{own.port}:{own.port}"]
    assert own.host == "127.0.0.1"
    given = server["environment"]
    assert own.password in given.values()
    assert given[next(name for name in given if name.endswith(("_DB", "_DATABASE")))] == own.database
    assert own.set(database=tests.database) == tests
    assert own.database != tests.database


@pytest.mark.parametrize("database", SERVERS)
def test_the_servers_data_outlives_it(render: Render, database: str) -> None:
    """In a volume; and whoever waits for it, waits until it answers."""
    compose = composed(render(database=database))
    (volume,) = compose["services"]["database"]["volumes"]
    assert volume.partition(":")[0] in compose["volumes"]
    assert compose["services"]["database"]["healthcheck"]["test"][0] == "CMD"
