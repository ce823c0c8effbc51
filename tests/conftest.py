"""Fixtures for all tests: databases, baked projects, a laboratory for autogenerate."""

from __future__ import annotations

import compileall
import gc
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.databases import DATABASES, make_database
from support.lab import Lab, making_lab
from support.project import LIBRARY, Project, bake_into

Bake = Callable[..., Project]

# A shell lets what it starts in the background ignore Ctrl-C, and so would all that tests start, and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# Most of what tests make lives as long as a test: to look for garbage less often takes an eighth of their time away.
gc.collect()
gc.freeze()
gc.set_threshold(100_000, 50, 100)


def pytest_xdist_auto_num_workers() -> int:
    """Return how many processes run the tests (-n auto): more than there are processors, as they wait for servers."""
    return (os.cpu_count() or 1) * 3 // 2 or 1


def pytest_collection_finish() -> None:
    """Let the tests keep nothing that Python compiles, as it kept the tests themselves.

    It takes a file for unchanged that was edited within a second and kept its size: revisions are, here.
    """
    sys.dont_write_bytecode = True


@pytest.fixture(scope="session", autouse=True)
def _options_of_this_run() -> None:
    """Keep them from the pytest processes that tests start."""
    os.environ.pop("PYTEST_ADDOPTS", None)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty home directory, as Cookiecutter writes into the user's."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def bake(tmp_path: Path, home: Path) -> Bake:
    """A function that bakes a project, verified by its hook, from answers."""

    def make(**answers: Any) -> Project:
        return bake_into(tmp_path / "baked", home, **answers)

    return make


@pytest.fixture
def render(tmp_path: Path, home: Path) -> Bake:
    """A function that makes a project from answers without its hook: neither verified nor complete, and quick."""

    def make(**answers: Any) -> Project:
        return bake_into(tmp_path / "rendered", home, accept_hooks=False, **answers)

    return make


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Project:
    """A project with the driver of every database at hand. Tests copy it: see project."""
    project = bake_into(tmp_path_factory.mktemp("pristine"), home, project_name="Shop")
    for directory in (project.path / "src", LIBRARY):  # else each of some thousand processes would
        compileall.compile_dir(directory, quiet=1)
    return project


@pytest.fixture
def project(pristine: Project, tmp_path: Path) -> Project:
    """A fresh project to run or to break."""
    copy = tmp_path / "work" / "shop"
    shutil.copytree(pristine.path, copy)
    return Project(copy, pristine.home)


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind in turn: its URL."""
    with make_database(request.param, tmp_path) as url:
        yield url


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[str]:
    """An empty SQLite database: its URL."""
    with make_database("sqlite", tmp_path) as url:
        yield url


@pytest.fixture
def postgresql(tmp_path: Path) -> Iterator[str]:
    """An empty PostgreSQL database: its URL."""
    with make_database("postgresql", tmp_path) as url:
        yield url


@pytest.fixture
def mysql(tmp_path: Path) -> Iterator[str]:
    """An empty MariaDB or MySQL database: its URL."""
    with make_database("mysql", tmp_path) as url:
        yield url


@pytest.fixture(params=DATABASES)
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lab]:
    """A laboratory on a database of each kind in turn."""
    with making_lab(request.param, tmp_path) as made:
        yield made


@pytest.fixture
def lab_sqlite(tmp_path: Path) -> Iterator[Lab]:
    """A laboratory on SQLite."""
    with making_lab("sqlite", tmp_path) as made:
        yield made


@pytest.fixture
def lab_postgresql(tmp_path: Path) -> Iterator[Lab]:
    """A laboratory on PostgreSQL."""
    with making_lab("postgresql", tmp_path) as made:
        yield made


@pytest.fixture
def lab_mysql(tmp_path: Path) -> Iterator[Lab]:
    """A laboratory on MariaDB or MySQL."""
    with making_lab("mysql", tmp_path) as made:
        yield made
