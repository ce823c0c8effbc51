"""An upgrade, or a downgrade, of a fleet: look, one target as a canary, then the rest, and compare what came out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass, field

from ..connecting import why_not
from ..errors import ProofError
from .connections import in_threads
from .dispatch import Dispatch, Lane, Running, end_workers, lanes
from .fingerprint import read_target
from .history import Project, history
from .limits import MAX_FAILURES, THREADS, WORKERS
from .looking import Standing, State, look
from .references import References
from .report import Line, Progress, Silent, Speaker, counted, of_standing, summary
from .targets import Target, TargetsError
from .work import Job, Result

NOTHING_CHANGED = "Nothing was changed."


@dataclass(frozen=True)
class Options:
    """How a fleet is migrated."""

    revision: str = "heads"
    down: bool = False
    canary: str = ""  # the name of the target that goes first; by default the first that has something to do
    workers: int = WORKERS
    groups: tuple[int, ...] = ()  # how many follow the canary, and how many those; the rest comes last
    max_failures: int = MAX_FAILURES  # after so many, no more targets are begun
    executor: Executor | None = None  # whose workers do it, in place of processes of this machine


@dataclass
class Outcome:
    """What became of a fleet."""

    lines: list[Line] = field(default_factory=list)
    interrupted: bool = False

    @property
    def ok(self) -> bool:
        """Tell whether every target is where it shall be, with the right schema."""
        return not self.interrupted and all(line.ok for line in self.lines)


def migrate_fleet(
    project: Project, targets: Iterable[Target], options: Options | None = None, speaker: Speaker | None = None
) -> Outcome:
    """Bring all targets to a revision, and return what became of each; a speaker is told meanwhile.

    Nothing is changed where a target is named twice, where the revisions build no empty database, or (but for the
    canary) where the canary fails. Raises TargetsError, UndeterminedError or ProofError with the reason.
    """
    return _Migration(project, options or Options(), speaker or Silent()).run(list(targets))


class _Migration:
    def __init__(self, project: Project, options: Options, speaker: Speaker) -> None:
        self._project, self._options, self._speaker = project, options, speaker
        self._history = history(project)
        self._running = Running()
        self._outcome = Outcome()
        self._word = "downgrade" if options.down else "upgrade"

    def run(self, targets: list[Target]) -> Outcome:
        own = lanes(max(1, min(self._options.workers, len(targets))), self._options.executor, self._project, targets)
        with ExitStack() as stack:
            for lane in own:
                stack.callback(lane.close)
            own[0].prepare()
            self._references = References(self._project, self._options.revision, own[0])
            stack.callback(self._references.close)
            try:
                todo, there = self._prepared(targets, own)
            except KeyboardInterrupt:
                raise KeyboardInterrupt(NOTHING_CHANGED) from None
            if not self._options.down or self._may_begin(todo, own):
                self._migrate(todo, own)
            self._compare(there)
        return self._outcome

    def _prepared(self, targets: list[Target], own: list[Lane]) -> tuple[list[Target], list[Target]]:
        """Return the targets to migrate, and those that are there, once their references are made."""
        standings = look(targets, self._history, self._options.revision, seen=self._begin_reference)
        _require_distinct(standings)
        todo = [standing.target for standing in standings if self._is_open(standing)]
        there = [standing.target for standing in standings if standing.state is State.AT_HEAD]
        self._canary = self._chosen_canary(todo, there)
        self._speaker.say(self._plan(standings, todo))
        for standing in standings:
            if standing.target not in todo and standing.target not in there:
                self._tell(of_standing(standing))
        for lane in own[1 : len(todo)]:
            lane.prepare()
        for target in (*todo, *there):
            self._references.of(target)
        return todo, there

    def _begin_reference(self, standing: Standing) -> None:
        if standing.state is not State.UNREACHABLE:
            self._references.begin(standing.target)

    def _is_open(self, standing: Standing) -> bool:
        """Tell whether there is something to do at a target, and it may be done."""
        if not self._options.down:
            return standing.state.is_open
        if standing.state not in (State.BEHIND, State.AHEAD, State.BUSY, State.INTERRUPTED):
            return False
        return self._history.can_go_down(self._options.revision, standing.revisions)

    def _plan(self, standings: list[Standing], todo: list[Target]) -> str:
        found = summary(standing.state.value for standing in standings)
        if not todo:
            return f"{found}. Nothing to {self._word}."
        revision = ", ".join(sorted(self._history.resolve(self._options.revision))) or "base"
        going = f"{found}. Going to {self._word} {counted(len(todo), 'target')} to {revision}"
        at_once = f"{self._options.workers} at a time"
        if self._canary is None:
            return f"{going}, {at_once}."
        groups = len(self._groups(todo)) - 1
        others = counted(len(todo) - 1, "other") + (f" in {groups} groups" if groups > 1 else "")
        rest = f", then {others}, {at_once}" if len(todo) > 1 else ""
        return f"{going}: first {self._canary.name}{rest}."

    def _chosen_canary(self, todo: list[Target], there: list[Target]) -> Target | None:
        """Return the target that goes first; None where one has gone before, as it is at the revision already.

        Raises TargetsError if the one that is named can neither go nor has gone.
        """
        named = self._options.canary
        if any(target.name == named or not named for target in there):
            return None
        found = [target for target in todo if target.name == named or not named]
        if not found and named:
            raise TargetsError(f"The canary {named} is none of those to {self._word}. Nothing was changed.")
        return found[0] if found else None

    def _may_begin(self, todo: list[Target], own: list[Lane]) -> bool:
        """Tell whether a downgrade can begin at every target, where it may lose rows; else tell where it cannot.

        All are asked before the first one is changed: else half a fleet would be back, and the other half not.
        """
        refused: dict[str, str] = {}

        def note(result: Result) -> None:
            if result.error:
                refused[result.name] = result.error

        self._hand_out([self._job(target, only_ask=True) for target in todo], own, note)
        if not refused and not self._running.stopped:
            return True
        for name, error in refused.items():
            self._tell(Line(name, "failed", error, ok=False))
        if refused:
            names = " ".join(list(refused)[:5])
            self._speaker.say(
                f"{counted(len(refused), 'target')} cannot go back, so none was touched: say that it is meant, or "
                f"leave them out (--exclude {names}{' ...' if len(refused) > 5 else ''})."
            )
        self._leave(target.name for target in todo if target.name not in refused)
        return False

    def _migrate(self, todo: list[Target], own: list[Lane]) -> None:
        """Migrate the canary, then one group after the other, as long as none fails in them."""
        progress, groups = Progress(len(todo), self._running), self._groups(todo)
        while groups:
            group = groups.pop(0)
            begun = len(self._outcome.lines)
            self._migrate_group(group, own, progress)
            failed = [line.name for line in self._outcome.lines[begun:] if not line.ok]
            if failed and groups and not self._running.stopped:
                self._speaker.say(_why_it_stops(failed, is_canary=group == [self._canary]))
                self._running.stop()
            if self._running.stopped:
                self._leave(target.name for later in groups for target in later)
                return

    def _groups(self, todo: list[Target]) -> list[list[Target]]:
        """Return the targets in the groups that follow one another; none is empty."""
        groups = [[self._canary]] if self._canary else []
        rest = [target for target in todo if target is not self._canary]
        for size in self._options.groups:
            groups.append(rest[:size])
            rest = rest[size:]
        return [group for group in (*groups, rest) if group]

    def _migrate_group(self, group: list[Target], own: list[Lane], progress: Progress) -> None:
        by_name = {target.name: target for target in group}

        def judge(result: Result) -> None:
            line = self._judged(result, by_name[result.name])
            progress.count(line.ok)
            progress.clear()
            self._tell(line)
            self._stop_at_most()

        with progress.shown():
            untouched = self._hand_out([self._job(target) for target in group], own, judge)
        self._leave(untouched)

    def _job(self, target: Target, only_ask: bool = False) -> Job:
        return Job(self._project, target, self._options.revision, self._options.down, only_ask)

    def _hand_out(self, jobs: list[Job], own: list[Lane], done: Callable[[Result], None]) -> list[str]:
        """Hand out the jobs, call a function with the result of each, and return the targets that were never begun.

        The first Ctrl-C lets those that are running end.
        """
        dispatch = Dispatch(jobs, own, self._running)
        while True:
            try:
                for result in dispatch:
                    done(result)
                return dispatch.untouched
            except KeyboardInterrupt:
                self._interrupt()

    def _leave(self, names: Iterable[str]) -> None:
        """Tell which targets were never begun."""
        for name in names:
            self._tell(Line(name, "not begun", "nothing was changed there", ok=False))

    def _interrupt(self) -> None:
        """Stop handing out. The second time, end the workers too."""
        running = list(self._running.jobs)
        if self._outcome.interrupted:
            self._running.ended = True
            end_workers()
            return
        self._outcome.interrupted = True
        self._running.stop()
        if running:
            self._speaker.say(f"Stopping. Still running: {', '.join(running)}. Ctrl-C again ends them too.")

    def _stop_at_most(self) -> None:
        failed = sum(line.state == "failed" for line in self._outcome.lines)
        if failed >= self._options.max_failures and not self._running.stopped:
            self._speaker.say(f"{counted(failed, 'target')} failed, so no more are begun (--max-failures).")
            self._running.stop()

    def _judged(self, result: Result, target: Target) -> Line:
        """Return what is told of a target that a worker has migrated."""
        more = {"before": sorted(result.before), "after": sorted(result.after), "seconds": round(result.seconds, 3)}
        if result.error:
            return Line(result.name, "failed", result.error, ok=False, more=more)
        done = f"{counted(result.steps, 'revision')}, {result.seconds:.1f} s"
        if not result.steps:
            done = "by another process"
        if result.after != self._history.resolve(self._options.revision):
            done += f"; at {', '.join(sorted(result.after))}, as other branches stay, so its schema was not compared"
        else:
            wrong, besides = self._references.judge_again(target, result.digest)
            if wrong:
                return Line(result.name, "wrong schema", "; ".join(wrong), ok=False, more=more)
            done += _told_besides(besides)
        return Line(result.name, f"{self._word}d", done, more=more)

    def _compare(self, there: list[Target]) -> None:
        """Compare the schemas of those that have been there before."""

        def compared(target: Target) -> Line:
            try:
                wrong, besides = self._references.judge(target, read_target(target, self._history))
            except ProofError as error:
                return Line(target.name, "failed", str(error), ok=False)
            except Exception as error:  # of any driver
                return Line(target.name, "failed", f"it could not be read: {why_not(target.address, error)}", ok=False)
            if wrong:
                return Line(target.name, "wrong schema", "; ".join(wrong), ok=False)
            return Line(target.name, State.AT_HEAD.value, _told_besides(besides).removeprefix("; "))

        left = {target.name for target in there}
        try:
            for line in () if self._outcome.interrupted else in_threads(compared, there, THREADS):
                left.remove(line.name)
                self._tell(line)
        except KeyboardInterrupt:
            self._outcome.interrupted = True
        for name in sorted(left):
            self._tell(Line(name, State.AT_HEAD.value, "its schema was not compared"))

    def _tell(self, line: Line) -> None:
        self._outcome.lines.append(line)
        self._speaker.tell(line)


def _why_it_stops(failed: list[str], is_canary: bool) -> str:
    if not is_canary:
        return f"{counted(len(failed), 'target')} of this group failed, so the next group was not begun."
    return (
        f"The canary {failed[0]} failed, so no other target was touched. Mend it, or let another one go "
        f"first (--canary NAME), or leave it out (--exclude {failed[0]})."
    )


def _told_besides(besides: list[str]) -> str:
    return f"; it {'; '.join(besides)}, which no revision names" if besides else ""


def _require_distinct(standings: list[Standing]) -> None:
    """Raise TargetsError where two targets are one database."""
    twice = [standing for standing in standings if standing.state is State.DUPLICATE]
    if twice:
        told = "; ".join(f"{standing.target.name}: {standing.detail}" for standing in twice[:5])
        raise TargetsError(f"{counted(len(twice), 'target')} named twice. {told}. Nothing was changed.")
