"""Jobs handed out to workers: processes of this machine, or whatever an Executor leads to."""

from __future__ import annotations

import multiprocessing
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field

from .entry import begin
from .forking import begin_to_start, context
from .history import Project
from .limits import TRIES
from .targets import Target
from .work import Job, Result, migrate, warm


@dataclass
class Running:
    """What the workers are doing: whoever shows the progress reads it, and stop() ends the handing out."""

    jobs: dict[str, float] = field(default_factory=dict)  # by target, when a worker began (time.monotonic)
    stopped: bool = False
    ended: bool = False  # whether what was running was ended, too

    def stop(self) -> None:
        """Hand out no more jobs. What is running goes on."""
        self.stopped = True

    def slow(self, seconds: float) -> list[str]:
        """Return the targets that have been running for longer than this."""
        now = time.monotonic()
        return [name for name, start in self.jobs.items() if now - start > seconds]


class Lane(ABC):
    """A way on which one job at a time is handed out."""

    @abstractmethod
    def submit(self, job: Job) -> Future[Result]:
        """Hand out a job."""

    def prepare(self) -> None:  # noqa: B027
        """Begin to start the worker, meanwhile something else can be done."""

    def close(self) -> None:  # noqa: B027
        """Let the worker end."""


class ProcessLane(Lane):
    """A process of this machine; when it has died, another one takes its place.

    It has an executor of its own: ProcessPoolExecutor gives all its workers up when one of them dies.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._executor: ProcessPoolExecutor | None = None
        self._starting: threading.Thread | None = None

    def prepare(self) -> None:
        """Begin to start the process."""
        self._starting = threading.Thread(target=self._start)
        self._starting.start()

    def _start(self) -> None:
        self._executor = ProcessPoolExecutor(1, context(), begin)
        self._executor.submit(warm, self._project)  # else it would start with the first job

    def submit(self, job: Job) -> Future[Result]:
        """Hand out a job, to a new process if there is none, or the last one has died."""
        self._wait()
        if self._executor is not None:
            try:
                return self._executor.submit(migrate, job)
            except BrokenExecutor:
                self._executor = None
        self._executor = ProcessPoolExecutor(1, context(), begin)
        return self._executor.submit(migrate, job)

    def close(self) -> None:
        """Let the process end."""
        self._wait()
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)

    def _wait(self) -> None:
        if self._starting is not None:
            self._starting.join()


class ExecutorLane(Lane):
    """Somebody's executor, which all lanes of a fleet share; it starts and replaces its workers itself."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    def submit(self, job: Job) -> Future[Result]:
        """Hand out a job."""
        return self._executor.submit(migrate, job)


def lanes(workers: int, executor: Executor | None, project: Project, targets: Iterable[Target]) -> list[Lane]:
    """Return lanes for so many jobs at a time."""
    if executor:
        return [ExecutorLane(executor) for _ in range(workers)]
    begin_to_start(project.file, project.section, {target.address.drivername for target in targets})
    return [ProcessLane(project) for _ in range(workers)]


class Dispatch:
    """Jobs on their way through the lanes. It yields the result of each when it is there.

    A job whose worker died is given to another one. A job is handed out only when a lane is free, so that stopping
    leaves the rest untouched. Whoever is interrupted while iterating may iterate again: it goes on.
    """

    def __init__(self, jobs: Iterable[Job], lanes: list[Lane], running: Running) -> None:
        self._waiting, self._free, self._running = deque(jobs), deque(lanes), running
        self._busy: dict[Future[Result], tuple[Job, Lane]] = {}
        self._tries = Counter[str]()

    def __iter__(self) -> Iterator[Result]:
        while True:
            while self._waiting and self._free and not self._running.stopped:
                self._hand_out()
            if not self._busy:
                return
            for future in wait(self._busy, return_when=FIRST_COMPLETED).done:
                result = self._result(future, self._busy[future][0])
                job, lane = self._busy.pop(future)
                self._free.append(lane)
                self._running.jobs.pop(job.target.name, None)
                if result is None:
                    self._waiting.appendleft(job)
                else:
                    yield result

    @property
    def untouched(self) -> list[str]:
        """Return the targets whose jobs were never handed out."""
        return [job.target.name for job in self._waiting]

    def _hand_out(self) -> None:
        job, lane = self._waiting.popleft(), self._free.popleft()
        self._tries[job.target.name] += 1
        self._running.jobs[job.target.name] = time.monotonic()
        try:
            future = lane.submit(job)
        except Exception as error:  # somebody's executor has lost its workers, or was shut down
            future = Future()
            future.set_exception(error)
        self._busy[future] = job, lane

    def _result(self, future: Future[Result], job: Job) -> Result | None:
        """Return the result of a job; None if its worker died and another one shall try."""
        try:
            return future.result()
        except Exception as error:  # whatever an executor raises for a worker that died
            if self._tries[job.target.name] < TRIES and not self._running.stopped:
                return None
            if self._running.ended:
                return Result(
                    job.target.name, "it was ended in the middle: run the command again, and it goes on there"
                )
            return Result(
                job.target.name,
                f"its worker died ({type(error).__name__}), and nobody knows how far it came: run the command again",
            )


def end_workers() -> None:
    """End the processes at once: databases undo what was not committed, MariaDB's journal knows how to go on."""
    for process in multiprocessing.active_children():
        process.terminate()
