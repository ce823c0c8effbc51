"""How the schemas of a fleet differ from what their revisions, or the models, say."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from ..connecting import why_not
from ..errors import ProofError
from .connections import in_threads
from .dispatch import Dispatch, Running, lanes
from .fingerprint import Reading, grouped, read_target
from .history import Project, history
from .limits import THREADS, WORKERS
from .references import References
from .report import counted
from .targets import Target
from .work import Job


@dataclass
class Drift:
    """What was found, by target: how its schema differs, or why it could not be read."""

    differing: dict[str, list[str]] = field(default_factory=dict)
    elsewhere: dict[str, str] = field(default_factory=dict)  # not compared: at another revision
    unread: dict[str, str] = field(default_factory=dict)
    total: int = 0
    standard: str = "as the revisions build them"  # how those are that do not differ

    @property
    def ok(self) -> bool:
        """Tell whether all were read, and have the right schema."""
        return not (self.differing or self.elsewhere or self.unread)

    def told(self) -> list[str]:
        """Return the report: each difference once, with how many targets have it, and which."""
        lines = []
        for sentence, names in grouped(self.differing):
            lines.append(f"{len(names)} of {self.total}: {sentence}")
            lines.append(f"    {_some(names)}")
        lines.extend(f"{name}: at {revisions}, so not compared" for name, revisions in self.elsewhere.items())
        lines.extend(f"{name}: it could not be read: {reason}" for name, reason in self.unread.items())
        counts = (
            (self.total - len(self.differing) - len(self.elsewhere) - len(self.unread), self.standard),
            (len(self.differing), "different"),
            (len(self.elsewhere), "at another revision"),
            (len(self.unread), "not read"),
        )
        told = ", ".join(f"{number} {what}" for number, what in counts if number)
        lines.append(f"{counted(self.total, 'target')}: {told or 'none'}")
        return lines


def find_drift(
    project: Project,
    targets: Iterable[Target],
    revision: str = "heads",
    threads: int = THREADS,
    models: bool = False,
) -> Drift:
    """Compare the schema of each target with that of an empty database at a revision, or with the models.

    Nothing is changed but that this database is made, and dropped; for the models none is needed. Then what Alembic
    compares counts, as env.py has it, and each target takes longer. Raises ProofError where it cannot be built.
    """
    found = list(targets)
    return _from_models(project, found, revision) if models else _from_revisions(project, found, revision, threads)


def _from_revisions(project: Project, targets: list[Target], revision: str, threads: int) -> Drift:
    drift = Drift(total=len(targets))
    revisions = history(project)
    wanted = revisions.resolve(revision)
    lane = lanes(1, None, project, targets)[0]
    references = References(project, revision, lane)

    def read(target: Target) -> Reading | str:
        try:
            return read_target(target, revisions)
        except ProofError:
            raise
        except Exception as error:  # of any driver
            return why_not(target.address, error)

    if targets:
        lane.prepare()
    readings = []
    try:
        for target, reading in zip(targets, in_threads(read, targets, threads), strict=True):
            if isinstance(reading, Reading):
                references.begin(target)  # like the first one, whichever answers first
            readings.append(reading)
        for target, reading in zip(targets, readings, strict=True):
            if isinstance(reading, str):
                drift.unread[target.name] = reading
            elif reading.revisions != wanted:
                drift.elsewhere[target.name] = _listed(reading.revisions)
            elif sentences := references.differences(target, reading):
                drift.differing[target.name] = sentences
    finally:
        references.close()
        lane.close()
    return drift


def _from_models(project: Project, targets: list[Target], revision: str) -> Drift:
    drift = Drift(total=len(targets), standard="as in the models")
    wanted = history(project).resolve(revision)
    own = lanes(min(WORKERS, len(targets)), None, project, targets)
    try:
        for result in Dispatch([Job(project, target, revision, compare=True) for target in targets], own, Running()):
            if result.error:
                drift.unread[result.name] = result.error
            elif result.before != wanted:
                drift.elsewhere[result.name] = _listed(result.before)
            elif result.differences:
                drift.differing[result.name] = list(result.differences)
    finally:
        for lane in own:
            lane.close()
    return drift


def _listed(revisions: Collection[str]) -> str:
    return ", ".join(sorted(revisions)) or "no revision"


def _some(names: list[str], most: int = 10) -> str:
    more = f", and {len(names) - most} more (--json lists all)" if len(names) > most else ""
    return ", ".join(names[:most]) + more
