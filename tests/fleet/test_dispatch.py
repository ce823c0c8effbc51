"""Jobs handed out to workers, some of which die."""

from __future__ import annotations

from concurrent.futures import BrokenExecutor, Future
from pathlib import Path

import pytest

from alembic_proof.fleet.dispatch import Dispatch, Lane, Running
from alembic_proof.fleet.history import Project
from alembic_proof.fleet.limits import TRIES
from alembic_proof.fleet.targets import Target
from alembic_proof.fleet.work import Job, Result

PROJECT = Project(Path("alembic.ini"))


class Workers(Lane):
    """Ends jobs as it is told: a target's deaths come before its result."""

    def __init__(self, **deaths: int) -> None:
        self.deaths = deaths
        self.handed_out: list[str] = []

    def submit(self, job: Job) -> Future[Result]:
        """End it at once."""
        name = job.target.name
        self.handed_out.append(name)
        future: Future[Result] = Future()
        if self.deaths.get(name, 0) > 0:
            self.deaths[name] -= 1
            future.set_exception(BrokenExecutor("died"))
        else:
            future.set_result(Result(name))
        return future


def _jobs(*names: str) -> list[Job]:
    return [Job(PROJECT, Target(name, "sqlite:////x.db"), "heads") for name in names]


@pytest.mark.parametrize(
    ("deaths", "failed"),
    [({}, set()), ({"b": 1}, set()), ({"b": TRIES - 1, "c": 1}, set()), ({"b": TRIES}, {"b"})],
)
def test_the_job_of_a_dead_worker_is_done_by_another(deaths: dict[str, int], failed: set[str]) -> None:
    """Until it has killed too many of them."""
    results = list(Dispatch(_jobs("a", "b", "c"), [Workers(**deaths)], Running()))
    assert sorted(result.name for result in results) == ["a", "b", "c"]
    assert {result.name for result in results if result.error} == failed


def test_an_executor_that_takes_no_more_jobs_is_told() -> None:
    """Of each target, in a result: nothing is raised, and nobody waits."""

    class Broken(Workers):
        def submit(self, job: Job) -> Future[Result]:
            raise BrokenExecutor("its workers are gone")

    results = list(Dispatch(_jobs("a", "b"), [Broken()], Running()))
    assert sorted(result.name for result in results) == ["a", "b"]
    assert all("its worker died (BrokenExecutor)" in result.error for result in results)


def test_a_job_that_was_ended_is_told_so() -> None:
    """By the second Ctrl-C: its worker has not died by itself."""
    running = Running()

    class Interrupted(Workers):
        def submit(self, job: Job) -> Future[Result]:
            running.stopped = running.ended = True
            return super().submit(job)

    (result,) = Dispatch(_jobs("a"), [Interrupted(a=1)], running)
    assert result.error == "it was ended in the middle: run the command again, and it goes on there"


def test_stopping_leaves_the_rest_untouched() -> None:
    """A job is handed out when a lane is free, and not before."""
    running, workers = Running(), Workers()
    dispatch = Dispatch(_jobs("a", "b", "c", "d"), [workers], running)
    for _ in dispatch:
        running.stop()
    assert workers.handed_out == ["a"]
    assert dispatch.untouched == ["b", "c", "d"]


def test_a_dispatch_goes_on_after_an_interruption() -> None:
    """Whoever iterates is thrown out by Ctrl-C, and iterates again."""
    dispatch = Dispatch(_jobs("a", "b", "c"), [Workers()], Running())
    names = [next(iter(dispatch)).name]
    names += [result.name for result in dispatch]
    assert names == ["a", "b", "c"]


def test_what_is_running_is_known() -> None:
    """By name, while it runs."""
    running = Running()
    seen: list[list[str]] = []

    class Watching(Workers):
        def submit(self, job: Job) -> Future[Result]:
            seen.append(list(running.jobs))
            return super().submit(job)

    list(Dispatch(_jobs("a", "b"), [Watching()], running))
    assert seen == [["a"], ["b"]]
    assert running.jobs == {}
