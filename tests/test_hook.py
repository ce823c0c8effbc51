"""The hook: what it makes of a broken template, and of the machines that it may find itself on."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import pytest
from conftest import BIN, TEMPLATE

DIRECTORY = "{{cookiecutter.__directory}}"
PASSED_ON = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "UV_"))}
PASSED_ON["UV_SYSTEM_CERTS"] = "true"  # where a proxy has certificates of its own, the system knows them


def generate(
    cookiecutter: Path,
    home: Path,
    template: Path,
    *options: str,
    answers: Sequence[str] = (),
    path: str = "/usr/bin:/bin",
) -> "subprocess.CompletedProcess[str]":
    """Run the cookiecutter command with its output in home/out, stdout and stderr apart."""
    command: list[str | Path] = [cookiecutter, "--no-input", "-o", home / "out", *options, template, *answers]
    env = {**PASSED_ON, "HOME": str(home), "PATH": path}
    return subprocess.run(command, cwd=home, env=env, capture_output=True, encoding="utf-8")


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A copy of this template, to break."""
    copy = tmp_path / "template"
    copy.mkdir()
    for name in ("cookiecutter.json", "hooks", "templates", DIRECTORY):
        (shutil.copytree if (TEMPLATE / name).is_dir() else shutil.copy)(TEMPLATE / name, copy / name)
    return copy


def replace(file: str, old: str, new: str) -> Callable[[Path], None]:
    """Return a function that replaces a text in a file of the template."""

    def act(template: Path) -> None:
        path = template / DIRECTORY / file.replace("PACKAGE", "src/{{cookiecutter.__package_name}}")
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    return act


DISPATCH = "if context.is_offline_mode():\n    run_migrations_offline()\nelse:\n    run_migrations_online()\n"
ENV, REGISTER, BASE = "migrations/env.py", "PACKAGE/models/__init__.py", "PACKAGE/models/base.py"
ORM, NOT_BOOK = "from sqlalchemy.orm import DeclarativeBase", "'book' in module or import_module(module)"
FAULTS: dict[str, tuple[Callable[[Path], None], list[str]]] = {
    "dispatch removed": (replace(ENV, DISPATCH, ""), [f"{ENV}:", DISPATCH.splitlines()[0], "run_migrations_online()"]),
    "metadata None": (replace(ENV, "autogenerate.with_tables(Base.metadata)", "None"), ["target_metadata is None"]),
    "not registered": (replace(REGISTER, "import_module(module)", NOT_BOOK), ["book.py: it defines the table book"]),
    "create_all": (replace(BASE, ORM, f"{ORM}\n\nMetaData.create_all"), ["create_all() changes tables behind"]),
    "URL in the ini": (replace("alembic.ini", "[alembic]", "[alembic]\nsqlalchemy.url = x"), ["sqlalchemy.url is set"]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_project_fails_the_generation(template: Path, tmp_path: Path, fault: str) -> None:
    """In the doctor's words, without a traceback of ours, and nothing is left."""
    breaks, words = FAULTS[fault]
    breaks(template)
    done = generate(BIN / "cookiecutter", tmp_path, template)
    assert done.returncode != 0
    assert "The project does not pass its own checks" in done.stderr
    for word in words:
        assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out/my-service").exists()


def test_keep_project_on_failure_keeps_it(template: Path, tmp_path: Path) -> None:
    """For a look at what is wrong; with nothing in versions/."""
    FAULTS["URL in the ini"][0](template)
    assert generate(BIN / "cookiecutter", tmp_path, template, "--keep-project-on-failure").returncode != 0
    assert os.listdir(tmp_path / "out/my-service/migrations/versions") == [".gitkeep"]


def test_a_verified_generation_says_what_is_next(tmp_path: Path) -> None:
    """Three commands; nothing in versions/, no bytecode, whatever the environment says about databases."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PASSED_ON, "DATABASE_URL", "postgresql://nobody:s3cret@127.0.0.1:1/production")
        done = generate(BIN / "cookiecutter", tmp_path, TEMPLATE)
    assert done.returncode == 0, done.stderr
    assert "my_service passes all its checks: 29 ok, 0 PROBLEM, 0 unknown." in done.stdout
    assert "s3cret" not in done.stdout + done.stderr
    commands = [line.strip() for line in done.stdout.split("Next:")[1].splitlines() if line.strip()]
    assert [command.split()[0] for command in commands] == ["cd", "alembic", "alembic"]
    project = tmp_path / "out/my-service"
    assert os.listdir(project / "migrations/versions") == [".gitkeep"]
    assert not list(project.rglob("__pycache__"))
    assert not list(project.rglob("*.db"))


@cache
def interpreters() -> dict[str, Path]:
    """The Python interpreters of this machine, by minor version: on the PATH, or where pyenv keeps them."""
    found = {}
    for minor in range(10, 15):
        installed = Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python")
        for candidate in (shutil.which(f"python3.{minor}"), *sorted(installed)):
            works = (
                candidate
                and subprocess.run([candidate, "-c", "import venv, sqlite3"], capture_output=True).returncode == 0
            )
            if candidate and works:
                found[f"3.{minor}"] = Path(candidate)
    return found


def venv(python: Path, directory: Path, *requirements: str) -> Path:
    """Make a virtual environment with some packages and return its directory of programs."""
    subprocess.run([*QUICK, "venv", "-q", "--seed", "-p", python, directory], check=True)
    if requirements:
        install(directory / "bin/python", *requirements)
    return directory / "bin"


def install(python: Path, *requirements: str, cwd: Path | None = None) -> None:
    """Install packages for an interpreter: with uv, which is quicker than pip (for that: tests/test_readme.py)."""
    subprocess.run([*QUICK, "pip", "install", "-q", "-p", python, *requirements], cwd=cwd, check=True)


QUICK = [str(BIN / "uv"), "--system-certs"]


@pytest.fixture(scope="module")
def without_alembic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Cookiecutter on its own, as pipx and uvx install it."""
    return venv(Path(sys.executable), tmp_path_factory.mktemp("alone") / "venv", "cookiecutter")


def test_without_alembic_and_uv_it_says_what_is_not_verified(without_alembic: Path, tmp_path: Path) -> None:
    """And which command will verify it."""
    done = generate(without_alembic / "cookiecutter", tmp_path, TEMPLATE)
    assert done.returncode == 0, done.stderr
    assert f"not all of it is verified: {without_alembic}/python has no alembic 1.20 and sqlalchemy 2.1" in done.stdout
    assert "Not checked: env-reaches-run-migrations, " in done.stdout
    assert "this checks everything: python -m my_service.db doctor" in done.stdout


def test_without_alembic_a_broken_dispatch_is_still_found(
    without_alembic: Path, template: Path, tmp_path: Path
) -> None:
    """By the static checks."""
    FAULTS["dispatch removed"][0](template)
    done = generate(without_alembic / "cookiecutter", tmp_path, template)
    assert done.returncode != 0
    assert "context.run_migrations() is never reached" in done.stderr


def test_uv_supplies_what_is_missing(without_alembic: Path, tmp_path: Path) -> None:
    """All checks run, and the project has no environment and no lock file from it."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/uv").symlink_to(BIN / "uv")
    done = generate(without_alembic / "cookiecutter", tmp_path, TEMPLATE, path=f"{tmp_path}/bin:{BIN}:/usr/bin:/bin")
    assert "passes all its checks: 29 ok" in done.stdout, done.stdout + done.stderr
    assert "uv sync" in done.stdout
    assert not {".venv", "uv.lock"} & set(os.listdir(tmp_path / "out/my-service"))


def test_an_uv_that_fails_is_not_taken_for_a_verdict(without_alembic: Path, tmp_path: Path) -> None:
    """The static checks run, and the rest is said not to be verified."""
    uv = tmp_path / "bin/uv"
    uv.parent.mkdir()
    uv.write_text("#!/bin/sh\necho no network >&2\nexit 1\n")
    uv.chmod(0o755)
    done = generate(without_alembic / "cookiecutter", tmp_path, TEMPLATE, path=f"{uv.parent}:/usr/bin:/bin")
    assert done.returncode == 0, done.stderr
    assert "not all of it is verified" in done.stdout


@pytest.mark.parametrize("version", ["3.10", "3.12", "3.13", "3.14"])
def test_every_interpreter_makes_a_project_and_runs_it(version: str, tmp_path: Path) -> None:
    """The hooks from 3.10, the project and its tests from 3.11, which the other tests have."""
    if version not in interpreters():
        pytest.skip(f"needs Python {version} on the PATH")
    tools = venv(interpreters()[version], tmp_path / "tools", "cookiecutter", "alembic", "sqlalchemy")
    answers = ('description=it\'s "so" \\ % 한국어 😀', 'author_name=김, "철수" \\', "author_email=a.b+c@d.example")
    done = generate(tools / "cookiecutter", tmp_path, TEMPLATE, answers=answers)
    if version == "3.10":  # for which there is no SQLAlchemy 2.1
        assert "has no alembic 1.20 and sqlalchemy 2.1" in done.stdout, done.stdout + done.stderr
        return
    assert "passes all its checks: 29 ok" in done.stdout, done.stdout + done.stderr
    project = tmp_path / "out/my-service"
    python = venv(interpreters()[version], tmp_path / "venv") / "python"
    install(python, "-e", ".", "--group", "dev", cwd=project)
    env = {**PASSED_ON, "HOME": str(tmp_path), "PATH": f"{python.parent}:/usr/bin:/bin"}
    shown = subprocess.run(
        [python, "-m", "pip", "show", "-v", "my-service"], capture_output=True, encoding="utf-8"
    ).stdout
    assert 'Summary: it\'s "so" \\ % 한국어 😀' in shown
    assert "a.b+c@d.example" in shown
    for command in (["alembic", "revision", "--autogenerate", "-m", "first"], ["pytest"]):
        ran = subprocess.run(command, cwd=project, env=env, capture_output=True, encoding="utf-8")
        assert ran.returncode == 0, ran.stdout + ran.stderr
