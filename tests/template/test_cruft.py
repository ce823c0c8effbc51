"""cruft, as an option: a project made with it follows the template; what its owner changed stays."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.interpreters import PASSED_ON, QUICK, venv
from support.project import REPOSITORY

GIT = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c"]
PARTS = ("cookiecutter.json", "template_extension.py", "pyproject.toml", "LICENSE", "hooks", "templates", "src")
DIRECTORY = "{{cookiecutter.project_slug}}"


@pytest.fixture(scope="module")
def cruft(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cruft command, with a Cookiecutter and an Alembic of its own; skipped where it cannot be installed."""
    bin = venv(Path(sys.executable), tmp_path_factory.mktemp("cruft") / "venv")
    install: list[str | Path] = [
        *QUICK,
        "pip",
        "install",
        "-q",
        "-p",
        bin / "python",
        "cruft",
        "cookiecutter>=2.7",
        "alembic",
        "sqlalchemy",
    ]
    done = subprocess.run(install, capture_output=True, encoding="utf-8")
    if done.returncode:
        pytest.skip(f"cruft cannot be installed here: {done.stderr.strip().splitlines()[-1]}")
    return bin / "cruft"


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command, which must succeed, and return its output."""
    identity = {f"GIT_{role}_{key}": "a@b.c" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
    env = {**PASSED_ON, **identity, "HOME": str(cwd), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=cwd, env=env, stdout=-1, stderr=subprocess.STDOUT, encoding="utf-8")
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout


def commit(repository: Path) -> None:
    """Commit everything."""
    run(*GIT, "add", "--all", cwd=repository)
    run(*GIT, "commit", "-q", "-m", "change", cwd=repository)


@pytest.mark.slow
def test_a_project_follows_its_template(cruft: Path, tmp_path: Path) -> None:
    """Create, then update: the library's wheel and pin, the file that the template changed; .env and models stay."""
    template = tmp_path / "template"
    template.mkdir()
    for name in (*PARTS, DIRECTORY):
        if (REPOSITORY / name).is_dir():
            shutil.copytree(REPOSITORY / name, template / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(REPOSITORY / name, template / name)
    run(*GIT, "init", "-q", cwd=template)
    commit(template)

    output = run(cruft, "create", template, "--no-input", "--output-dir", tmp_path, cwd=tmp_path)
    assert "my-service passes all its checks" in output
    project = tmp_path / "my-service"
    run(*GIT, "init", "-q", cwd=project)
    commit(project)
    (wheel,) = (project / "vendor").iterdir()
    (project / ".env").write_text("DATABASE_URL=sqlite:///mine.db\n")
    book = project / "src/my_service/models/book.py"
    book.write_text(book.read_text().replace("What an author wrote.", "Mine."))
    commit(project)

    (template / "src/alembic_proof/newer.py").write_text('"""A newer library."""\n')
    ignore = template / DIRECTORY / ".gitignore"
    ignore.write_text(ignore.read_text() + "newer/\n")
    commit(template)
    run(cruft, "update", "--skip-apply-ask", cwd=project)
    (newer,) = (project / "vendor").iterdir()
    assert newer.name != wheel.name
    pyproject = (project / "pyproject.toml").read_text()
    assert pyproject.count(newer.name.split("-")[1]) == 2
    assert "newer/" in (project / ".gitignore").read_text()
    assert "Mine." in book.read_text()
    assert (project / ".env").read_text() == "DATABASE_URL=sqlite:///mine.db\n"
    assert json.loads((project / ".cruft.json").read_text())["commit"]
    assert not list(project.rglob("*.rej"))
