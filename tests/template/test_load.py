"""Twenty clients at once, a server that loses its connections, and a stop: every answer is right or a 503."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.databases import DATABASES, make_database, rows
from support.load import load
from support.project import Project, bake_into
from support.service import START, connections, end_connections, eventually, serving

REQUESTS = 600  # python -m benchmarks serving: 2000


@pytest.fixture(scope="module")
def baked(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Callable[[str], Project]:
    """A function that bakes a project with a framework; the driver of every database is at hand."""
    made: dict[str, Project] = {}

    def get(framework: str) -> Project:
        if framework not in made:
            made[framework] = bake_into(
                tmp_path_factory.mktemp("baked"), home, project_name="Shop", framework=framework, database="postgresql"
            )
        return made[framework]

    return get


@pytest.mark.slow
@pytest.mark.parametrize("kind", DATABASES)
@pytest.mark.parametrize("framework", START)
def test_every_answer_is_right_or_a_503(
    baked: Callable[[str], Project], framework: str, kind: str, tmp_path: Path
) -> None:
    """No row that was answered with 201 is lost; when it is stopped, no connection is left."""
    shutil.copytree(baked(framework).path, tmp_path / "shop")
    project = Project(tmp_path / "shop", baked(framework).home)
    with make_database(kind, tmp_path) as url:
        project.alembic("revision --autogenerate -m first", "upgrade head", DATABASE_URL=url)
        with serving(project, framework, url) as service:
            result = load(str(service.client.base_url), REQUESTS, lambda: end_connections(url))
            assert service.answer("/health/ready") == (200, {"status": "ready"})
            assert service.stop() in (0, -15)
        assert not result.wrong, "\n".join(result.wrong[:20])
        assert result.statuses[201] > REQUESTS / 10
        assert result.statuses[503] <= 3 * 20, result.statuses
        stored = dict(rows(url, "SELECT id, name FROM author"))
        assert result.saved.items() <= stored.items()
        assert eventually(lambda: not connections(url))
