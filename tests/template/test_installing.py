"""How a project gets the library: by pip and by uv, in a clone, beside a stranger's package of the same name."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from support.interpreters import PASSED_ON, QUICK, venv
from support.project import BIN, REPOSITORY, Project
from support.wheels import write_wheel

from alembic_proof import __version__
from alembic_proof.vendoring import wheel

Bake = Callable[..., Project]
Command = list[str | Path]
UV = str(BIN / "uv")
GIT = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c"]


class Quiet(SimpleHTTPRequestHandler):
    """A server that does not write a line for each request."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Path]:
    """The directory of an index that is served; the URL is in a file in it."""
    directory = tmp_path / "index"
    directory.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(directory))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        (directory / "url").write_text(f"http://127.0.0.1:{server.server_port}/simple/")
        yield directory
        server.shutdown()


def publish(index: Path, *wheels: Path) -> None:
    """Put wheels of the library on an index."""
    directory = index / "simple/alembic-proof"
    directory.mkdir(parents=True, exist_ok=True)
    for path in wheels:
        shutil.copy(path, directory)
    links = "".join(f'<a href="{path.name.replace("+", "%2B")}">{path.name}</a>\n' for path in directory.glob("*.whl"))
    (directory / "index.html").write_text(f"<!DOCTYPE html>\n<html><body>\n{links}</body></html>\n")


@pytest.fixture
def stranger(index: Path, tmp_path: Path) -> str:
    """The URL of an index on which somebody else has alembic-proof, with a higher version and with the same ones."""
    versions = ("99.0.0", __version__, wheel.version(REPOSITORY))
    publish(index, *(write_wheel(tmp_path, version, "raise SystemExit('the stranger')") for version in versions))
    return (index / "url").read_text()


def run(*command: str | Path, cwd: Path, **variables: str) -> str:
    """Run a command, which must succeed, with an environment of its own; return its output."""
    env = {**PASSED_ON, "HOME": os.environ["HOME"], "PATH": f"{BIN}:/usr/bin:/bin", **variables}
    env.pop("UV_INDEX", None)
    env |= {name: value for name, value in variables.items() if name == "UV_INDEX"}
    done = subprocess.run(command, cwd=cwd, env=env, stdout=-1, stderr=subprocess.STDOUT, encoding="utf-8")
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout


def environment_with_everything_else(directory: Path) -> Path:
    """Make an environment that has what the tests have, so that pip only installs the project and the library."""
    bin = venv(Path(sys.executable), directory, "editables")  # which hatchling asks for
    site = next(directory.glob("lib/python3.*/site-packages"))
    (site / "rest.pth").write_text(f"{next(BIN.parent.glob('lib/python3.*/site-packages'))}\n")
    return bin


@pytest.mark.slow
def test_pip_installs_ours(project: Project, stranger: str, tmp_path: Path) -> None:
    """With the README's options, and a second index on which a stranger has the name."""
    bin = environment_with_everything_else(tmp_path / "venv")
    install: Command = [bin / "python", "-m", "pip", "install", "--no-build-isolation", "--extra-index-url", stranger]
    run(*install, "-e", ".", "--group", "dev", "-f", "vendor", cwd=project.path)
    assert run(bin / "alembic-proof", "--version", cwd=tmp_path).startswith(f"alembic-proof {__version__}")


def test_pip_without_vendor_installs_nobodys(project: Project, index: Path, tmp_path: Path) -> None:
    """It says which version there is not, rather than taking another."""
    publish(index, *(write_wheel(tmp_path, version, "") for version in ("99.0.0", __version__)))
    bin = environment_with_everything_else(tmp_path / "venv")
    install: Command = [bin / "python", "-m", "pip", "install", "--no-build-isolation", "-e", "."]
    url = (index / "url").read_text()
    done = subprocess.run([*install, "--extra-index-url", url], cwd=project.path, capture_output=True, encoding="utf-8")
    assert done.returncode != 0
    assert f"No matching distribution found for alembic-proof=={__version__}+h" in done.stderr


@pytest.mark.slow
def test_uv_installs_ours(bake: Bake, stranger: str, tmp_path: Path) -> None:
    """`uv sync`, and `uv pip install` as with pip."""
    project = bake().path
    run(UV, "sync", cwd=project, UV_INDEX=stranger)
    assert run(".venv/bin/alembic-proof", "--version", cwd=project).startswith(f"alembic-proof {__version__}")
    lock = (project / "uv.lock").read_text()
    assert f'{{ path = "vendor/{wheel.filename(wheel.version(REPOSITORY))}" }}' in lock
    assert "127.0.0.1" not in lock
    bin = environment_with_everything_else(tmp_path / "venv")
    install: Command = [*QUICK, "pip", "install", "-q", "-p", bin / "python", "--index", stranger]
    run(*install, "-e", ".", "--group", "dev", "-f", "vendor", cwd=project)
    assert run(bin / "alembic-proof", "--version", cwd=tmp_path).startswith(f"alembic-proof {__version__}")


@pytest.mark.slow
def test_a_clone_elsewhere_works(bake: Bake, tmp_path: Path) -> None:
    """What git has is enough, with the original gone: by uv as the project's README says, locked, and by pip."""
    project = bake().path
    run(UV, "lock", cwd=project)
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"]):
        run(*GIT, *command, cwd=project)
    clone = tmp_path / "elsewhere/deep/clone"
    run("git", "clone", "-q", project, clone, cwd=tmp_path)
    shutil.rmtree(project)
    shutil.copy(clone / ".env.example", clone / ".env")
    run(UV, "sync", "--locked", cwd=clone)
    for command in (["alembic", "upgrade", "head"], ["alembic-proof", "doctor"], ["pytest", "-q"]):
        run(UV, "run", "--locked", *command, cwd=clone)
    bin = environment_with_everything_else(tmp_path / "venv")
    install: Command = [bin / "python", "-m", "pip", "install", "--no-build-isolation", "-e", ".", "--group", "dev"]
    run(*install, "-f", "vendor", cwd=clone)
    run(bin / "alembic-proof", "doctor", cwd=clone)


def test_a_changed_wheel_is_refused(bake: Bake) -> None:
    """uv.lock has its hash."""
    project = bake().path
    run(UV, "lock", cwd=project)
    (path,) = (project / "vendor").iterdir()
    with zipfile.ZipFile(path) as archive:
        contents = {member.filename: archive.read(member) for member in archive.infolist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in contents.items():
            archive.writestr(name, data + b"# changed\n" if name.endswith("_proof/__init__.py") else data)
    command = [UV, "sync", "--locked", "--no-cache"]
    done = subprocess.run(command, cwd=project, env={**os.environ, **PASSED_ON}, capture_output=True, encoding="utf-8")
    assert done.returncode != 0
    assert "hash" in done.stderr.lower()


@pytest.mark.slow
def test_the_applications_wheel_migrates_in_a_bare_environment(project: Project, sqlite: str, tmp_path: Path) -> None:
    """As in an image: wheels are collected, installed without any index, and migrate from anywhere."""
    project.ok("alembic", "revision", "--autogenerate", "-m", "first")
    tools = environment_with_everything_else(tmp_path / "tools")
    collect: Command = [tools / "python", "-m", "pip", "wheel", "-q", ".", "-w", tmp_path / "wheels", "-f", "vendor"]
    run(*collect, "--no-build-isolation", cwd=project.path)
    bare = venv(Path(sys.executable), tmp_path / "bare")
    far = tmp_path / "far"
    far.mkdir()
    install: Command = [
        bare / "python",
        "-m",
        "pip",
        "install",
        "-q",
        "--no-index",
        "--find-links",
        tmp_path / "wheels",
    ]
    run(*install, "shop", cwd=far)
    shutil.rmtree(project.path)
    (package,) = (tmp_path / "bare").glob("lib/python3.*/site-packages/shop")
    run(bare / "alembic", "-c", package / "alembic.ini", "upgrade", "head", cwd=far, DATABASE_URL=sqlite)
    doctor = run(bare / "alembic-proof", "doctor", "-c", package / "alembic.ini", cwd=far, DATABASE_URL=sqlite)
    assert "Alembic sees 0 differences" in doctor
    start = "from shop import db; db.require_head(); print(db.sessions()().connection().engine.url)"
    assert "sqlite" in run(bare / "python", "-c", start, cwd=far, DATABASE_URL=sqlite)


def test_vendor_brings_a_newer_version(bake: Bake, tmp_path: Path) -> None:
    """Into a project that exists and has a lock file: the commands that it prints are all that is left to do."""
    project = bake().path
    run(UV, "sync", cwd=project)
    before = (project / "pyproject.toml").read_text()
    newer = tmp_path / "newer"
    for name in ("pyproject.toml", "LICENSE"):
        newer.mkdir(exist_ok=True)
        shutil.copy(REPOSITORY / name, newer / name)
    shutil.copytree(REPOSITORY / "src", newer / "src", ignore=shutil.ignore_patterns("__pycache__"))
    init = newer / "src/alembic_proof/__init__.py"
    init.write_text(init.read_text().replace(f'__version__ = "{__version__}"', '__version__ = "1.99.0"'))
    run(*GIT, "init", "-q", cwd=project)
    output = run(".venv/bin/alembic-proof", "vendor", newer, cwd=project)
    version = wheel.version(newer)
    assert version.startswith("1.99.0+h")
    after = (project / "pyproject.toml").read_text()
    assert after == before.replace(wheel.version(REPOSITORY), version)
    steps = [line.strip() for line in output.partition("Next:")[2].splitlines() if line.strip()]
    assert [step.split()[0] for step in steps] == ["uv", "uv", "git"]
    for step in steps:
        run("bash", "-ec", step, cwd=project)
    assert run(".venv/bin/alembic-proof", "--version", cwd=project).startswith("alembic-proof 1.99.0")
    assert run("git", "ls-files", "vendor", cwd=project) == f"vendor/{wheel.filename(version)}\n"


@pytest.mark.slow
def test_a_team_with_an_index_of_its_own(bake: Bake, index: Path, tmp_path: Path) -> None:
    """What docs/publishing-to-an-index.md says: publish, change the pin, delete vendor/."""
    document = (REPOSITORY / "docs/publishing-to-an-index.md").read_text(encoding="utf-8")
    copy = tmp_path / "clone"
    copy.mkdir()
    for name in ("pyproject.toml", "LICENSE", "README.md"):
        shutil.copy(REPOSITORY / name, copy / name)
    shutil.copytree(REPOSITORY / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__"))
    build = document.partition("`uv build --wheel")
    assert build[1]
    run(UV, "build", "--wheel", "-q", cwd=copy)
    publish(index, *(copy / "dist").glob("*.whl"))
    project = bake().path
    pyproject = project / "pyproject.toml"
    text = pyproject.read_text().replace(f"alembic-proof=={wheel.version(REPOSITORY)}", "alembic-proof>=1,<2")
    ours = [line for line in text.splitlines() if line.startswith("alembic-proof = {")]
    text = text.replace(ours[0], 'alembic-proof = { index = "ours" }')
    section = document.partition("```toml\n")[2].partition("```")[0]
    assert 'alembic-proof = { index = "ours" }' in document
    url = (index / "url").read_text()
    pyproject.write_text(text + "\n" + section.replace("https://index.example.com/simple/", url))
    shutil.rmtree(project / "vendor")
    run(UV, "sync", cwd=project)
    assert run(".venv/bin/alembic-proof", "--version", cwd=project).startswith(f"alembic-proof {__version__}")
    lock = (project / "uv.lock").read_text()
    assert url.rstrip("/") in lock
    report = json.loads(run(".venv/bin/alembic-proof", "doctor", "--no-live", "--json", cwd=project))
    assert report["summary"]["problem"] == 0
    bin = environment_with_everything_else(tmp_path / "venv")
    install: Command = [bin / "python", "-m", "pip", "install", "--no-build-isolation", "-e", ".", "--group", "dev"]
    run(*install, "--index-url", url, cwd=project)
    assert run(bin / "alembic-proof", "--version", cwd=tmp_path).startswith(f"alembic-proof {__version__}")
