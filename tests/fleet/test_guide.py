"""The recipes of docs/guide-fleet.md, as they are printed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support.fleets import CREATE_SHOP, Fleet, making_fleet
from support.project import LIBRARY, REPOSITORY

from alembic_proof.cli import fleet as command_line

GUIDE = (REPOSITORY / "docs/guide-fleet.md").read_text("utf-8")


def _block(language: str, word: str) -> str:
    """Return the block of the guide that has a word."""
    blocks = [part.split("```")[0] for part in GUIDE.split(f"```{language}\n")[1:]]
    return next(block for block in blocks if word in block)


def _write_targets(fleet: Fleet) -> None:
    """Give a project the function that the guide has."""
    package = fleet.directory / "shop"
    package.mkdir()
    lines = ", ".join(f"Target({t.name!r}, {fleet.url(t.name)!r})" for t in fleet.targets)
    (package / "malls.py").write_text(
        f"from alembic_proof.fleet import Target\n\n\ndef targets():\n    return [{lines}]\n"
    )


def test_from_python(tmp_path: Path) -> None:
    """A script: it says by itself what became of each."""
    with making_fleet("sqlite", 2, tmp_path) as fleet:
        fleet.revision("r1", CREATE_SHOP)
        _write_targets(fleet)
        (fleet.directory / "script.py").write_text(_block("python", "migrate_fleet("))
        environment = {**os.environ, "PYTHONPATH": f"{LIBRARY}{os.pathsep}{fleet.directory}"}
        command = [sys.executable, "script.py"]
        done = subprocess.run(command, cwd=fleet.directory, env=environment, capture_output=True, text=True)
        assert done.stderr == ""
        assert [line.split(" 1 revision")[0] for line in done.stdout.splitlines()] == [
            "mall-1 upgraded",
            "mall-2 upgraded",
        ]


def test_the_job_of_kubernetes() -> None:
    """An Indexed Job, whose number of parts is that of its command, and which is started again."""
    job = yaml.safe_load(_block("yaml", "kind: Job"))
    spec, (container,) = job["spec"], job["spec"]["template"]["spec"]["containers"]
    assert (job["apiVersion"], spec["completionMode"]) == ("batch/v1", "Indexed")
    assert container["command"][-1] == f"auto/{spec['completions']}"
    assert spec["parallelism"] <= spec["completions"]
    assert spec["template"]["spec"]["restartPolicy"] == "Never"
    arguments = command_line._arguments(container["command"][2:])
    assert arguments.shard == "auto/5"


@pytest.mark.slow
def test_the_tasks_of_celery(tmp_path: Path) -> None:
    """A real worker, with a queue of files, brings a fleet to head."""
    with making_fleet("postgresql", 3, tmp_path) as fleet:
        fleet.revision("r1", CREATE_SHOP)
        _write_targets(fleet)
        (fleet.directory / "tasks.py").write_text(_block("python", "Celery("))
        for name in ("in", "results"):
            (tmp_path / name).mkdir()
        folders = {"data_folder_in": str(tmp_path / "in"), "data_folder_out": str(tmp_path / "in")}
        (fleet.directory / "celeryconfig.py").write_text(
            f"broker_url = 'filesystem://'\nbroker_transport_options = {folders!r}\n"
            f"result_backend = 'file://{tmp_path}/results'\n"
        )
        (fleet.directory / "send.py").write_text(
            "import sys\nfrom tasks import app, migrate\napp.config_from_object('celeryconfig')\n"
            "sent = [migrate.delay(name) for name in sys.argv[1:]]\nprint([one.get(timeout=100) for one in sent])\n"
        )
        (fleet.directory / "worker.py").write_text("from tasks import app\napp.config_from_object('celeryconfig')\n")
        environment = {**os.environ, "PYTHONPATH": f"{LIBRARY}{os.pathsep}{fleet.directory}"}
        worker = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "worker", "worker", "--concurrency", "2", "--without-mingle"],
            cwd=fleet.directory,
            env=environment,
            stdout=(tmp_path / "worker.log").open("w"),
            stderr=subprocess.STDOUT,
        )
        try:
            sent = subprocess.run(
                [sys.executable, "send.py", *(target.name for target in fleet.targets)],
                cwd=fleet.directory,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
        finally:
            worker.terminate()
            worker.wait()
        assert sent.returncode == 0, sent.stderr + (tmp_path / "worker.log").read_text()
        assert sent.stdout.count("1 revisions") == 3
        assert fleet.rows("mall-3", "SELECT version_num FROM alembic_version") == [("r1",)]
