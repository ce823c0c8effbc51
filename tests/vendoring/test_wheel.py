"""The wheel: the same bytes everywhere, and the same content as an ordinary build has."""

from __future__ import annotations

import csv
import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Callable
from email.parser import Parser
from pathlib import Path

import pytest
from packaging.utils import parse_wheel_filename
from support.interpreters import INTERPRETERS, interpreter
from support.project import REPOSITORY

from alembic_proof.vendoring import wheel

FILES = {
    "pyproject.toml": """\
[build-system]
requires = ["hatchling"]

[project]
name = "alembic-proof"
dynamic = ["version"]
description = "Safe: \\"so\\" 한국어"
requires-python = ">=3.10"
license = "MIT"
dependencies = [
    "alembic>=1.13",  # a comment
    "tomli>=2; python_version < '3.11'",
]

[project.optional-dependencies]
dotenv = ["python-dotenv>=1.0"]

[project.scripts]
alembic-proof = "alembic_proof.cli:run"

[project.entry-points.pytest11]
alembic_proof = "alembic_proof.plugin"

[tool.other]
name = { path = "x" }
""",
    "LICENSE": "MIT License\n",
    "src/alembic_proof/__init__.py": '"""The library."""\n\n__version__ = "1.0.0"\n',
    "src/alembic_proof/py.typed": "",
    "src/alembic_proof/recipes/recipes.md": "# 한국어\n",
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A small source tree of the library."""
    return write(tmp_path / "source", FILES)


def write(root: Path, files: dict[str, str], newline: str = "\n") -> Path:
    """Write files and return their directory."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text.replace("\n", newline).encode())
    return root


def test_the_wheel_is_complete(source: Path, tmp_path: Path) -> None:
    """Files, metadata, entry points and licence; RECORD has the hash of each."""
    path = wheel.build(source, tmp_path / "made/vendor")
    name, version, *_ = parse_wheel_filename(path.name)
    assert (name, str(version)) == ("alembic-proof", wheel.version(source))
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    info = f"alembic_proof-{version}.dist-info"
    package = {name.removeprefix("src/") for name in FILES if name.startswith("src/")}
    extra = {f"{info}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")}
    assert set(contents) == package | extra
    assert contents["alembic_proof/recipes/recipes.md"].decode() == "# 한국어\n"
    metadata = Parser().parsestr(contents[f"{info}/METADATA"].decode())
    assert metadata["Version"] == str(version)
    assert metadata["Summary"] == 'Safe: "so" 한국어'
    assert metadata.get_all("Requires-Dist") == [
        "alembic>=1.13",
        "tomli>=2; python_version < '3.11'",
        "python-dotenv>=1.0; extra == 'dotenv'",
    ]
    assert contents[f"{info}/entry_points.txt"].decode() == (
        "[console_scripts]\nalembic-proof = alembic_proof.cli:run\n\n[pytest11]\nalembic_proof = alembic_proof.plugin\n"
    )
    for file, digest, size in csv.reader(contents[f"{info}/RECORD"].decode().splitlines()):
        if digest:
            hashed = urlsafe_b64encode(hashlib.sha256(contents[file]).digest()).rstrip(b"=").decode()
            assert (digest, size) == (f"sha256={hashed}", str(len(contents[file])))
        else:
            assert file == f"{info}/RECORD"


def changed(name: str, text: str) -> Callable[[Path], object]:
    """Return a function that writes a file of the source tree."""
    return lambda source: (source / name).write_text(text)


@pytest.mark.parametrize(
    ("change", "other"),
    [
        (changed("src/alembic_proof/new.py", ""), True),
        (changed("src/alembic_proof/py.typed", "partial"), True),
        (changed("LICENSE", "BSD"), True),
        (changed("pyproject.toml", FILES["pyproject.toml"].replace(">=1.13", ">=1.14")), True),
        (changed("pyproject.toml", FILES["pyproject.toml"].replace("[tool.other]", "[tool.another]")), False),
        (changed("README.md", "new"), False),
        (changed("src/alembic_proof/.hidden", "new"), False),
        (lambda source: write(source, {"src/alembic_proof/__pycache__/a.pyc": "new"}), False),
        (lambda source: os.utime(source / "LICENSE", (0, 0)), False),
        (lambda source: write(source, FILES, newline="\r\n"), False),
    ],
    ids=["file", "content", "licence", "requirement", "tool", "readme", "hidden", "bytecode", "time", "line ends"],
)
def test_the_version_follows_what_is_in_the_wheel(
    source: Path, tmp_path: Path, change: Callable[[Path], object], other: bool
) -> None:
    """Another content is another version; the same version is the same bytes."""
    before = wheel.build(source, tmp_path / "before")
    change(source)
    after = wheel.build(source, tmp_path / "after")
    assert (before.name != after.name) is other
    assert (before.read_bytes() != after.read_bytes()) is other


def test_the_version_is_local_and_normal(source: Path) -> None:
    """As PEP 440 writes it: neither pip nor uv spells it otherwise."""
    version = wheel.version(source)
    assert re.fullmatch(r"1\.0\.0\+h[0-9a-f]{12}", version)
    assert str(parse_wheel_filename(wheel.filename(version))[1]) == version


def test_a_source_tree_without_a_version_is_refused(source: Path) -> None:
    """Rather than a wheel of nothing."""
    (source / "src/alembic_proof/__init__.py").write_text("")
    with pytest.raises(ValueError, match="has no __version__"):
        wheel.build(source, source / "vendor")
    assert not (source / "vendor").exists()


@pytest.mark.parametrize("version", INTERPRETERS)
def test_every_interpreter_builds_the_same_bytes(version: str, tmp_path: Path) -> None:
    """With its own zip and hash modules, and none but the standard library."""
    here = wheel.build(REPOSITORY, tmp_path / "here")
    there = tmp_path / "there"
    script = (
        f"import sys; sys.path[:0] = [{str(REPOSITORY / 'src/alembic_proof/vendoring')!r}]; from pathlib import Path; "
    )
    script += f"import wheel; wheel.build(Path({str(REPOSITORY)!r}), Path({str(there)!r}))"
    command = [str(interpreter(version)), "-I", "-S", "-B", "-c", script]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env={"LC_ALL": "C", "PYTHONHASHSEED": "7"})
    assert done.returncode == 0, done.stderr
    assert (there / here.name).read_bytes() == here.read_bytes()


def test_an_ordinary_build_has_the_same_in_it(tmp_path: Path) -> None:
    """hatchling, with which the library is published, makes the same files, requirements and entry points."""
    copy = tmp_path / "copy"
    for name in ("pyproject.toml", "LICENSE", "README.md"):
        copy.mkdir(exist_ok=True)
        shutil.copy(REPOSITORY / name, copy / name)
    shutil.copytree(REPOSITORY / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__"))
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=copy, check=True, capture_output=True)
    (ordinary,) = tmp_path.glob("*.whl")
    ours = wheel.build(REPOSITORY, tmp_path / "ours")
    theirs, mine = contents(ordinary), contents(ours)
    assert set(mine) == set(theirs)
    differing = {name for name in mine if mine[name] != theirs[name]} - {"METADATA", "RECORD", "WHEEL"}
    assert {name for name in differing if name != "entry_points.txt"} == set()
    assert sections(mine["entry_points.txt"]) == sections(theirs["entry_points.txt"])
    headers = [Parser().parsestr(files["METADATA"].decode()) for files in (mine, theirs)]
    for key in ("Name", "Summary", "License-Expression", "License-File", "Requires-Python", "Provides-Extra"):
        assert headers[0].get_all(key) == headers[1].get_all(key)
    requirements = [sorted(normal(line) for line in header.get_all("Requires-Dist") or []) for header in headers]
    assert requirements[0] == requirements[1]


def contents(path: Path) -> dict[str, bytes]:
    """Return what is in a wheel, without the name of its information directory."""
    with zipfile.ZipFile(path) as archive:
        return {re.sub(r"^[^/]+\.dist-info/", "", name): archive.read(name) for name in archive.namelist()}


def sections(text: bytes) -> set[str]:
    """Return the sections of an entry_points.txt."""
    return {section.strip() for section in text.decode().split("\n\n")}


def normal(requirement: str) -> str:
    """Return a requirement without what its writers may choose."""
    return re.sub(r"[\s'\"()]", "", requirement)
