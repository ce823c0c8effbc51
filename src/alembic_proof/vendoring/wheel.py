"""Builds the wheel of the library from its sources, with the standard library alone.

The same sources give the same bytes on every machine, with every Python from 3.10 on, and however git writes line ends.
Nothing is compressed, as compressors differ; git compresses what is committed.

The version is local, as in ``1.0.0+h3f0c…``: it ends with a hash of everything in the wheel. So one version never has
two contents, which pip and uv rely on, and no public index accepts it (PEP 440), so that nobody else can publish it.

The template loads this file by its path: it imports nothing of the library.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import io
import os
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

PACKAGE = "alembic_proof"
PATTERN = f"{PACKAGE}-*.whl"  # the wheels of every version
# A build number: where an index has the same version, pip prefers the wheel with one.
TAG = "1-py3-none-any"
WHEEL = b"Wheel-Version: 1.0\nGenerator: alembic-proof\nRoot-Is-Purelib: true\nTag: py3-none-any\nBuild: 1\n"
DIGITS = 12  # of the hash; they follow a letter, as PEP 440 takes digits alone for a number


def version(source: Path) -> str:
    """Return the version that the wheel of a source tree has.

    source is the root of the repository. Raises OSError where a file of it cannot be read.
    """
    return _Sources(source).version


def filename(of_version: str) -> str:
    """Return the name of the wheel of a version."""
    return f"{PACKAGE}-{of_version}-{TAG}.whl"


def build(source: Path, directory: Path) -> Path:
    """Build the wheel of a source tree and return its path.

    source is the root of the repository; directory is made where it is missing. A wheel of the same version is
    replaced. Raises OSError where a file cannot be read or written.
    """
    sources = _Sources(source)
    contents = sources.contents(sources.version)
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / filename(sources.version)
    part = path.with_suffix(".part")
    part.write_bytes(_zip(_with_record(contents, sources.version)))
    os.replace(part, path)
    return path


def is_whole(path: Path) -> bool:
    """Tell whether a wheel has the content of which its name has the hash; False for what is no such wheel."""
    of_version = [*path.name.split("-"), ""][1]
    public, _, digest = of_version.partition("+h")
    info = f"{PACKAGE}-{of_version}.dist-info/"
    contents: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                contents[name.replace(info, f"{PACKAGE}-{public}.dist-info/")] = archive.read(name)
    except (OSError, zipfile.BadZipFile):
        return False
    contents.pop(f"{PACKAGE}-{public}.dist-info/RECORD", None)
    metadata = f"{PACKAGE}-{public}.dist-info/METADATA"
    old, new = (f"\nVersion: {each}\n".encode() for each in (of_version, public))
    contents[metadata] = contents.get(metadata, b"").replace(old, new, 1)
    return _digest(contents) == digest


def _digest(contents: Mapping[str, bytes]) -> str:
    """Return the hash of a wheel's content, its version without a hash, and without its RECORD."""
    digest = hashlib.sha256()
    for name, data in sorted(contents.items()):
        digest.update(f"{name}:{len(data)}:".encode() + data)
    return digest.hexdigest()[:DIGITS]


class _Sources:
    """What a source tree has for the wheel, read once."""

    def __init__(self, source: Path) -> None:
        self.tables = _tables((source / "pyproject.toml").read_text(encoding="utf-8"))
        self.license = _unix((source / "LICENSE").read_bytes())
        self.package: dict[str, bytes] = {}
        for path in (source / "src" / PACKAGE).rglob("*"):
            parts = path.relative_to(source / "src").parts
            if "__pycache__" not in parts and not any(part.startswith(".") for part in parts) and path.is_file():
                self.package["/".join(parts)] = _unix(path.read_bytes())
        public = re.search(rb'^__version__ = "(.+)"', self.package.get(f"{PACKAGE}/__init__.py", b""), re.MULTILINE)
        if public is None:
            raise ValueError(f"src/{PACKAGE}/__init__.py in {source} has no __version__")
        self.version = f"{public[1].decode()}+h{_digest(self.contents(public[1].decode()))}"

    def contents(self, of_version: str) -> dict[str, bytes]:
        """Return everything that the wheel has in it but its RECORD, by name, in order."""
        info = f"{PACKAGE}-{of_version}.dist-info"
        contents = {
            **self.package,
            f"{info}/METADATA": "".join(f"{line}\n" for line in _metadata(self.tables, of_version)).encode(),
            f"{info}/WHEEL": WHEEL,
            f"{info}/entry_points.txt": "\n".join(_entry_points(self.tables)).encode(),
            f"{info}/licenses/LICENSE": self.license,
        }
        return dict(sorted(contents.items()))


def _unix(text: bytes) -> bytes:
    """Return a text with the line ends that it has in the repository."""
    return text.replace(b"\r\n", b"\n")


def _tables(text: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the project's tables of a pyproject.toml: Python 3.10 has no tomllib.

    Their values are texts and lists of texts, which TOML and Python write alike.
    """
    tables: dict[str, dict[str, Any]] = {}
    for header, body in re.findall(r"^\[(project[^\]]*)\]\n(.*?)(?=^\[|\Z)", text.replace("\r\n", "\n"), re.M | re.S):
        pairs = re.findall(r"^([\w-]+) = (.*?)(?=^[\w-]+ = |\Z)", body, re.M | re.S)
        tables[header] = {key: ast.literal_eval(value.strip()) for key, value in pairs}
    return tables


def _metadata(tables: Mapping[str, Mapping[str, Any]], of_version: str) -> Iterator[str]:
    project = tables["project"]
    yield "Metadata-Version: 2.4"
    yield f"Name: {project['name']}"
    yield f"Version: {of_version}"
    yield f"Summary: {project['description']}"
    yield f"License-Expression: {project['license']}"
    yield "License-File: LICENSE"
    yield f"Requires-Python: {project['requires-python']}"
    for requirement in project["dependencies"]:
        yield f"Requires-Dist: {requirement}"
    for extra, requirements in tables.get("project.optional-dependencies", {}).items():
        yield f"Provides-Extra: {extra}"
        for requirement in requirements:
            yield f"Requires-Dist: {requirement}; extra == '{extra}'"


def _entry_points(tables: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for table, entries in tables.items():
        group = {"project.scripts": "console_scripts"}.get(table) or table.partition("project.entry-points.")[2]
        if group:
            yield f"[{group}]"
            yield from (f"{name} = {target}" for name, target in entries.items())
            yield ""


def _with_record(contents: Mapping[str, bytes], of_version: str) -> dict[str, bytes]:
    """Add the list of all files with their hashes, as the wheel's specification has it."""

    def line(name: str, data: bytes) -> str:
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        return f"{name},sha256={digest},{len(data)}\n"

    record = f"{PACKAGE}-{of_version}.dist-info/RECORD"
    lines = "".join(line(name, data) for name, data in contents.items())
    return {**contents, record: f"{lines}{record},,\n".encode()}


def _zip(contents: Mapping[str, bytes]) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as file:
        for name, data in contents.items():
            member = zipfile.ZipInfo(name)  # of 1980, always
            member.create_system = 3  # Unix, also on Windows
            member.external_attr = 0o644 << 16
            file.writestr(member, data)
    return archive.getvalue()
