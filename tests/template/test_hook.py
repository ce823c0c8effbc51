"""The hook: what it does with a broken template, and on the machines that it may run on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from support.interpreters import PASSED_ON, install, interpreter, venv
from support.project import BIN, REPOSITORY

DIRECTORY = "{{cookiecutter.project_slug}}"
PARTS = (
    "cookiecutter.json",
    "template_extension.py",
    "pyproject.toml",
    "LICENSE",
    "hooks",
    "templates",
    "src",
    DIRECTORY,
)
VERIFIED = re.compile(r"my-service passes all its checks: \d\d ok, 0 PROBLEM, 0 unknown\.")


def generate(
    cookiecutter: Path,
    home: Path,
    template: Path = REPOSITORY,
    *options: str,
    answers: Sequence[str] = (),
    path: str = "/usr/bin:/bin",
    **variables: str,
) -> subprocess.CompletedProcess[str]:
    """Run the cookiecutter command with its output in home/out, stdout and stderr apart."""
    command: list[str | Path] = [cookiecutter, "--no-input", "-o", home / "out", *options, template, *answers]
    env = {**PASSED_ON, "HOME": str(home), "PATH": path, **variables}
    return subprocess.run(command, cwd=home, env=env, capture_output=True, encoding="utf-8")


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A copy of this template, to break."""
    copy = tmp_path / "template"
    copy.mkdir()
    for name in PARTS:
        if (REPOSITORY / name).is_dir():
            shutil.copytree(REPOSITORY / name, copy / name)
        else:
            shutil.copy(REPOSITORY / name, copy / name)
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
ENV, BASE = "migrations/env.py", "PACKAGE/models/base.py"
ORM = "from sqlalchemy.orm import DeclarativeBase"
FAULTS: dict[str, tuple[Callable[[Path], None], list[str]]] = {
    "dispatch removed": (replace(ENV, DISPATCH, ""), [f"{ENV}:", DISPATCH.splitlines()[0], "run_migrations_online()"]),
    "metadata None": (replace(ENV, "= Base.metadata", "= None"), ["target_metadata is None"]),
    "create_all": (replace(BASE, ORM, f"{ORM}\n\nMetaData.create_all"), ["create_all()"]),
    "URL in the ini": (replace("alembic.ini", "[alembic]", "[alembic]\nsqlalchemy.url = x"), ["sqlalchemy.url is set"]),
    "wrong setting": (replace("pyproject.toml", "database-variable", "database-varable"), ["database-variable"]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_project_fails_the_generation(template: Path, tmp_path: Path, fault: str) -> None:
    """In the doctor's words, without a traceback of the hook's, and nothing is left."""
    breaks, words = FAULTS[fault]
    breaks(template)
    done = generate(BIN / "cookiecutter", tmp_path, template)
    assert done.returncode != 0
    said = done.stderr.partition("Stopping generation")[0]  # then comes Cookiecutter's own traceback
    assert "The project does not pass its own checks" in said
    for word in words:
        assert word in said
    assert "Traceback" not in said
    assert not (tmp_path / "out/my-service").exists()


def test_keep_project_on_failure_keeps_it(template: Path, tmp_path: Path) -> None:
    """For a look at what is wrong; with nothing in versions/."""
    FAULTS["URL in the ini"][0](template)
    assert generate(BIN / "cookiecutter", tmp_path, template, "--keep-project-on-failure").returncode != 0
    assert os.listdir(tmp_path / "out/my-service/migrations/versions") == [".gitkeep"]


def test_a_verified_generation_says_what_is_next(tmp_path: Path) -> None:
    """Three commands; nothing in versions/, no bytecode, whatever the environment says about databases."""
    url = "postgresql://nobody:s3cret@127.0.0.1:1/production"
    done = generate(BIN / "cookiecutter", tmp_path, DATABASE_URL=url, TEST_DATABASE_URL=url, MIGRATION_TIMEOUT="never")
    assert done.returncode == 0, done.stderr
    assert VERIFIED.search(done.stdout)
    assert "s3cret" not in done.stdout + done.stderr
    commands = [line.strip() for line in done.stdout.split("Next:")[1].splitlines() if line.strip()]
    assert [command.split()[0] for command in commands] == ["cd", "alembic", "alembic"]
    assert "pip install -e . --group dev -f vendor" in commands[0]
    project = tmp_path / "out/my-service"
    assert os.listdir(project / "migrations/versions") == [".gitkeep"]
    assert not list(project.rglob("__pycache__"))
    assert not list(project.rglob("*.db"))
    (wheel,) = project.glob("vendor/*")
    pyproject = (project / "pyproject.toml").read_text(encoding="utf-8")
    assert wheel.name in pyproject
    assert f'"alembic-proof=={wheel.name.split("-")[1]}"' in pyproject


def test_the_templates_own_library_is_used(template: Path, tmp_path: Path) -> None:
    """Another one, installed for the interpreter that runs Cookiecutter, has no part in it."""
    other = tmp_path / "other/alembic_proof"
    other.mkdir(parents=True)
    (other / "__init__.py").write_text("raise SystemExit('the other one')")
    package = template / "src/alembic_proof"
    (package / "marker.py").write_text("")
    done = generate(BIN / "cookiecutter", tmp_path, template, PYTHONPATH=str(other.parent))
    assert VERIFIED.search(done.stdout), done.stdout + done.stderr
    wheel = next(tmp_path.glob("out/my-service/vendor/*.whl"))
    assert b"alembic_proof/marker.py" in wheel.read_bytes()


@pytest.fixture(scope="module")
def without_alembic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Cookiecutter on its own, as pipx and uvx install it."""
    return venv(Path(sys.executable), tmp_path_factory.mktemp("alone") / "venv", "cookiecutter")


def test_without_alembic_and_uv_it_says_what_is_not_verified(without_alembic: Path, tmp_path: Path) -> None:
    """And which command will verify it."""
    done = generate(without_alembic / "cookiecutter", tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"not all of it is verified: {without_alembic}/python has no alembic 1.20 and sqlalchemy 2.1" in done.stdout
    assert "Not checked: env-reaches-run-migrations, " in done.stdout
    assert "this checks everything: alembic-proof doctor" in done.stdout


def test_without_alembic_a_broken_dispatch_is_still_found(
    without_alembic: Path, template: Path, tmp_path: Path
) -> None:
    """By the static checks."""
    FAULTS["dispatch removed"][0](template)
    done = generate(without_alembic / "cookiecutter", tmp_path, template)
    assert done.returncode != 0
    assert "context.run_migrations() is never reached" in done.stderr


@pytest.mark.slow
def test_uv_supplies_what_is_missing(without_alembic: Path, tmp_path: Path) -> None:
    """All checks run, and the project has no environment and no lock file from it."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/uv").symlink_to(BIN / "uv")
    done = generate(without_alembic / "cookiecutter", tmp_path, path=f"{tmp_path}/bin:{BIN}:/usr/bin:/bin")
    assert VERIFIED.search(done.stdout), done.stdout + done.stderr
    assert "uv sync" in done.stdout
    assert not {".venv", "uv.lock"} & set(os.listdir(tmp_path / "out/my-service"))


def test_an_uv_that_fails_is_not_taken_for_a_verdict(without_alembic: Path, tmp_path: Path) -> None:
    """The static checks run, and the rest is said not to be verified."""
    uv = tmp_path / "bin/uv"
    uv.parent.mkdir()
    uv.write_text("#!/bin/sh\necho no network >&2\nexit 1\n")
    uv.chmod(0o755)
    done = generate(without_alembic / "cookiecutter", tmp_path, path=f"{uv.parent}:/usr/bin:/bin")
    assert done.returncode == 0, done.stderr
    assert "not all of it is verified" in done.stdout


def relative(copy: Path) -> tuple[Path, str]:
    """Return the directory to be in, and how the template is named there."""
    return copy.parent, copy.name


def dot(copy: Path) -> tuple[Path, str]:
    """The same, in the template's own directory."""
    return copy, "."


def zipped(copy: Path) -> tuple[Path, str]:
    """The same, as a zip file."""
    archive = shutil.make_archive(str(copy), "zip", copy.parent, copy.name)
    return copy.parent, archive


def repository(copy: Path) -> tuple[Path, str]:
    """The same, as a URL that git clones."""
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for command in (
        ["init", "-q"],
        ["add", "."],
        ["commit", "-q", "-m", "first"],
        ["clone", "-q", "--bare", ".", "../t.git"],
    ):
        subprocess.run([*git, *command], cwd=copy, check=True)
    return copy.parent, f"file://{copy.parent}/t.git"


@pytest.mark.parametrize("way", [relative, dot, zipped, repository])
def test_the_template_is_found_wherever_it_is(
    way: Callable[[Path], tuple[Path, str]], template: Path, tmp_path: Path
) -> None:
    """By a relative path, as the working directory, in a zip file, behind a URL. Other tests give an absolute path."""
    directory, name = way(template)
    command: list[str | Path] = [BIN / "cookiecutter", "--no-input", "-o", tmp_path / "out", name]
    env = {**PASSED_ON, "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=directory, env=env, capture_output=True, encoding="utf-8")
    assert VERIFIED.search(done.stdout), done.stdout + done.stderr
    assert list(tmp_path.glob("out/my-service/vendor/*.whl"))


def test_two_templates_in_one_process_are_not_mixed_up(template: Path, tmp_path: Path) -> None:
    """Each has its own library and its own rules, as in `cruft update`, which renders an older and a newer one."""
    (template / "src/alembic_proof/marker.py").write_text("")
    extension = template / "template_extension.py"
    extension.write_text(extension.read_text(encoding="utf-8").replace("    alembic alembic_proof ", "    taken ", 1))
    script = f"""
from cookiecutter.main import cookiecutter
options = dict(no_input=True, output_dir="out", overwrite_if_exists=True, extra_context={{"project_slug": "taken"}})
for template in {str(REPOSITORY)!r}, {str(template)!r}, {str(REPOSITORY)!r}:
    try:
        cookiecutter(template, **options)
        print(open("out/taken/pyproject.toml").read().count("+h"))
    except Exception as error:
        print(error)
"""
    env = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, encoding="utf-8")
    lines = [line for line in done.stdout.splitlines() if line.startswith(("2", "project_slug"))]
    assert [line.split()[0] for line in lines] == ["2", "project_slug", "2"], done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("version", ["3.10", "3.13", "3.14"])
def test_every_interpreter_makes_a_project_and_runs_it(version: str, tmp_path: Path) -> None:
    """The hook from 3.10, the project and its tests from 3.11, which the other tests have."""
    tools = venv(interpreter(version), tmp_path / "tools", "cookiecutter", "alembic", "sqlalchemy")
    answers = ('description=it\'s "so" \\ % 한국어 😀', 'author_name=김, "철수" \\', "author_email=a.b+c@d.example")
    done = generate(tools / "cookiecutter", tmp_path, answers=answers)
    if version == "3.10":  # for which there is no SQLAlchemy 2.1
        assert "has no alembic 1.20 and sqlalchemy 2.1" in done.stdout, done.stdout + done.stderr
        return
    assert VERIFIED.search(done.stdout), done.stdout + done.stderr
    project = tmp_path / "out/my-service"
    python = venv(interpreter(version), tmp_path / "venv") / "python"
    install(python, "-e", ".", "--group", "dev", "-f", "vendor", cwd=project)
    env = {**PASSED_ON, "HOME": str(tmp_path), "PATH": f"{python.parent}:/usr/bin:/bin"}
    show: list[str | Path] = [python, "-m", "pip", "show", "-v", "my-service"]
    shown = subprocess.run(show, capture_output=True, encoding="utf-8").stdout
    assert 'Summary: it\'s "so" \\ % 한국어 😀' in shown
    assert "a.b+c@d.example" in shown
    for command in (["alembic", "revision", "--autogenerate", "-m", "first"], ["pytest"]):
        ran = subprocess.run(command, cwd=project, env=env, capture_output=True, encoding="utf-8")
        assert ran.returncode == 0, ran.stdout + ran.stderr
