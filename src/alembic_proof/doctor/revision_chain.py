"""How the revisions of a project follow one another, as their files say it: nothing is run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ..revisions.reader import operations
from .findings import Finding, Note, Problem
from .layout import Layout
from .revision_ids import assigned_at, unusable_ids


def several(names: Any) -> set[str]:
    """Return the revisions or labels that a variable of a revision names: none, one or more."""
    listed = names if isinstance(names, (list, tuple, set)) else [names]
    return {name for name in listed if isinstance(name, str) and name}


@dataclass(frozen=True)
class Link:
    """One revision: its file, its id, and what it says about others."""

    path: Path
    id: str
    down: frozenset[str]
    needs: frozenset[str]  # depends_on: ids or labels
    labels: frozenset[str]
    said: str  # the id in its docstring, which Alembic wrote; empty without one
    made: str  # "Create Date" in its docstring, which sorts as text; empty without one


class Chain:
    """The revisions of a project, and what is wrong with the way in which they follow one another."""

    def __init__(self, project: Layout) -> None:
        self.project = project
        self.links = [_link(path, values, project.tree(path)) for path, values in project.revisions.items()]
        self.known = {link.id: link for link in self.links}
        self.labels = {label: link.id for link in self.links for label in link.labels}

    def dropped(self) -> Iterator[tuple[str, Path]]:
        """Yield the tables that exist no more after all revisions, each with the file that drops it."""
        dropped: dict[str, Path] = {}
        for link in self._in_order():
            for function in self.project.tree(link.path).body:
                for used in operations(function) if getattr(function, "name", "").startswith("upgrade") else ():
                    name = used.text("table_name") or ""
                    if used.name == "drop_table":
                        dropped[name] = link.path
                    elif used.name in ("create_table", "rename_table"):
                        dropped.pop(used.text("new_table_name") or name, None)
        yield from dropped.items()

    def leaving(self, name: str) -> str | None:
        """Return where the revision is that mentions a name in its upgrade() and, if one does so, not in downgrade().

        That is the place of its downgrade(): what it makes stays behind. The last of several is taken.
        """
        mentioning: list[str] = []
        leaving: list[str] = []
        for link in self._in_order():
            bodies = {
                function.name: (function.lineno, ast.unparse(function))
                for function in self.project.tree(link.path).body
                if isinstance(function, ast.FunctionDef)
            }
            word = re.compile(rf"\b{re.escape(name)}\b")
            (_, makes), (line, undoes) = (bodies.get(key, (None, "")) for key in ("upgrade", "downgrade"))
            if word.search(makes):
                found = mentioning if word.search(undoes) else leaving
                found.append(self.project.name(link.path, line))
        return next(reversed(leaving or mentioning), None)

    def _in_order(self) -> list[Link]:
        """Return the revisions, each after those that it follows, as far as they have an order."""
        ordered: list[Link] = []
        left = dict(self.known)
        while free := [id for id, link in left.items() if not self._before(link) & set(left)]:
            ordered += [left.pop(id) for id in free]
        return ordered

    def findings(self) -> Iterator[Finding]:
        """Yield what is wrong. What follows from an id that is none, a hole or a cycle is left out."""
        own = [*unusable_ids(self.project)] or [*self._twins()] or [*self._holes(), *self._cycle()]
        yield from own
        yield from self._long_ids()
        if not own:
            yield from self._heads()

    def _problem(self, link: Link, message: str, fix: str, variable: str = "down_revision") -> Finding:
        return Problem(self.project.name(link.path, assigned_at(self.project.tree(link.path), variable)), message, fix)

    def _twins(self) -> Iterator[Finding]:
        for link in self.links:
            other = self.known[link.id]
            if other is not link:
                message = f"its id {link.id} is also that of {self.project.name(other.path)}"
                fix = "give one of them, and those that follow it, another id"
                yield self._problem(link, message, fix, "revision")

    def _long_ids(self) -> Iterator[Finding]:
        for link in self.links:
            if len(link.id) > 32:
                message = "its id is longer than the 32 characters that alembic_version holds"
                yield self._problem(link, message, "shorten the id, also where another revision names it", "revision")

    def _holes(self) -> Iterator[Finding]:
        """Yield what names a revision that there is not."""
        for link in self.links:
            for variable, names in (("down_revision", link.down), ("depends_on", link.needs - set(self.labels))):
                for name in sorted(names - set(self.known)):
                    yield self.edited(name) or self._hole(link, variable, name)

    def _hole(self, link: Link, variable: str, name: str) -> Finding:
        begun = [other for other in self.known if other.startswith(name)]
        if len(begun) == 1:
            message = f"{variable} is {name}, which is only the beginning of {begun[0]}: alembic looks for the whole id"
            return self._problem(link, message, f"{variable} = {begun[0]!r}", variable)
        versions = self.project.name(self.project.versions[0])
        deleted = f"git log --diff-filter=D --name-only -- {versions}"
        fix = f"restore the file of revision {name} from version control: {deleted}"
        if similar := get_close_matches(name, set(self.known) - {link.id}, 1, 0.8):
            fix = f"if {similar[0]} is meant: {variable} = {similar[0]!r}; if not, {fix}"
        return self._problem(link, f"it follows revision {name}, which is missing", fix, variable)

    def edited(self, name: str) -> Finding | None:
        """Return what is wrong with a file that was written for this revision, and has another id now."""
        for link in self.links:
            if name == link.said and name not in self.known:
                message = f"revision is {link.id}, but the file was written for {name}, and that id is in use"
                fix = f"revision = {name!r}; or write {link.id} wherever {name} is named, in databases too"
                return self._problem(link, message, fix, "revision")
        return None

    def _before(self, link: Link) -> set[str]:
        return {self.labels.get(name, name) for name in link.down | link.needs}

    def _cycle(self) -> Iterator[Finding]:
        """Yield the revision in which a circle is best opened, if there is one."""
        free = {link.id for link in self._in_order()}
        left = {id: link for id, link in self.known.items() if id not in free}
        followed = {name for link in left.values() for name in self._before(link)}
        circle = [link for id, link in left.items() if id in followed]
        if not circle:
            return
        first = min(circle, key=lambda link: (not _disagrees(link, self.project.tree(link.path)), link.made, link.id))
        names, link = [first.id], first
        while len(names) == 1 or link is not first:
            link = self.known[min(self._before(link) & {each.id for each in circle})]
            names.append(link.id)
            if len(names) > len(circle) + 1:
                break
        roots = [link for link in self.links if not link.down]
        fix = "correct what it follows" if roots else "if it is the first revision: down_revision = None"
        message = f"it follows itself, by way of others ({' -> '.join(names)}): every alembic command ends here"
        if len(circle) == 1:
            message = f"it follows itself ({first.id}): every alembic command ends here"
        yield self._problem(first, message, f"{fix}; if not, correct down_revision in the other one")

    def _heads(self) -> Iterator[Finding]:
        """Yield what leaves alembic upgrade head several to choose from, unless labels say that it is meant."""
        heads = sorted(set(self.known) - {name for link in self.links for name in link.down})
        if len(heads) < 2 or self.labels:
            return
        refuses = f"there are {len(heads)} heads, {' and '.join(heads)}: alembic upgrade head will refuse to choose"
        lines = self._lines()
        if len(lines) == 1:
            where = self.project.name(self.known[heads[-1]].path)
            yield Problem(where, refuses, "alembic merge heads -m 'merge'")
            return
        main, *others = lines
        for line in others:
            root = next(link for link in line if not link.down)
            head = next(id for id in heads if self.known[id] in main)
            apart = not {link.path.parent for link in line} & {link.path.parent for link in main}
            kind = Note if apart else Problem  # in a directory of its own
            first = next(link.id for link in main if not link.down)
            message = f"its down_revision is None, as that of {first} is, and a second line begins with it: {refuses}"
            fix = f"if it follows {head}: down_revision = {head!r}; if two lines are meant, give both branch_labels"
            tree = self.project.tree(root.path)
            yield kind(self.project.name(root.path, assigned_at(tree, "down_revision")), message, fix)

    def _lines(self) -> list[list[Link]]:
        """Return the revisions that hang together, line by line; the one that was begun first comes first."""
        lines: list[list[Link]] = []
        for link in self.links:
            near = {link.id, *self._before(link)}
            joined = [line for line in lines if any(near & {each.id, *self._before(each)} for each in line)]
            lines = [line for line in lines if line not in joined] + [
                [link, *(each for line in joined for each in line)]
            ]
        return sorted(
            lines, key=lambda line: (min(link.made for link in line), -len(line), min(link.id for link in line))
        )


def _link(path: Path, values: dict[str, Any], tree: ast.Module) -> Link:
    down, needs, labels = (
        frozenset(several(values.get(name))) for name in ("down_revision", "depends_on", "branch_labels")
    )
    said, made = (
        found[1] if (found := re.search(rf"^{title}: *(\S.*)$", ast.get_docstring(tree) or "", re.MULTILINE)) else ""
        for title in ("Revision ID", "Create Date")
    )
    return Link(path, str(values["revision"]), down, needs, labels, said, made)


def _disagrees(link: Link, tree: ast.Module) -> bool:
    """Tell whether a revision follows another one than its docstring says, which Alembic wrote."""
    said = re.search(r"^Revises: *(.*)$", ast.get_docstring(tree) or "", re.MULTILINE)
    return said is not None and set(re.findall(r"\w+", said[1])) != link.down
