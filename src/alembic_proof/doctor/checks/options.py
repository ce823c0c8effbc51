"""Checks of what env.py passes to context.configure()."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from difflib import get_close_matches
from typing import Any

from ...errors import NotApplicableError
from ..findings import Finding, Note, Problem
from ..layout import is_of_library
from ..project import Project, Run
from ..registry import check
from ..watching import known_options


@check("options-of-configure-exist", "probe")
def options_of_configure_exist(project: Project) -> Iterable[Finding]:
    """context.configure() knows every option that it is given

    It takes any other one without a word: a misspelt render_as_batch switches nothing on.
    """
    known = known_options()
    for place, options in project.first_watch.configured:
        for name in sorted(set(options) - known):
            if similar := get_close_matches(name, known, 1, cutoff=0.75):
                message = f"context.configure() does not know {name}, and passes over it"
                yield Problem(place, message, f"write {similar[0]}=")
            elif not project.files_with(rb"opts\b.*['\"]" + name.encode()):
                message = f"context.configure() of this Alembic does not know {name}"
                yield Note(place, message, "nothing, if something else reads it")


@check("hooks-give-answers", "probe", requires=("metadata-is-the-models",))
def hooks_give_answers(project: Project) -> Iterable[Finding]:
    """include_object, include_name and render_item return something for every kind of object

    A function that ends without return returns None. Autogenerate takes that for no, and leaves the object out.
    """
    if not any(_hooks(run) for run in project.runs()):
        raise NotApplicableError("context.configure() has no such function")
    for run in project.runs():
        for name, hook in _hooks(run).items():
            kinds = [kind for kind, arguments in _calls(name, run) if _answer(hook, arguments) is None]
            if kinds:
                listed, answer = " and ".join(dict.fromkeys(kinds)), _ANSWERS[name]
                message = f"{name} returns None for {listed}: {answer[0]}"
                yield Problem(_place(project, hook), message, answer[1])


_SAMPLES = 50  # tables, among which there is an object of every kind
# What becomes of None, and what to return.
_ANSWERS = {
    "include_object": ("autogenerate leaves it out", "return True at the end of the function"),
    "include_name": ("autogenerate leaves it out", "return True at the end of the function"),
    "render_item": ("the word None is written into the revision", "return False at the end of the function"),
}


def _hooks(run: Run) -> dict[str, Callable[..., Any]]:
    """Return the project's own hooks: without this library's, which one of the project's may be called by."""
    opts = run.context.opts
    hooks = {name: opts[name] for name in _ANSWERS if callable(opts.get(name))}
    own = {name: getattr(hook, "__wrapped__", None) if _is_ours(hook) else hook for name, hook in hooks.items()}
    return {name: hook for name, hook in own.items() if hook is not None}


def _is_ours(hook: Callable[..., Any]) -> bool:
    return is_of_library(getattr(getattr(hook, "__code__", None), "co_filename", ""))


def _answer(hook: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Return what a function returns; where it raises something, that is no answer that could be wrong."""
    with suppress(Exception):
        return hook(*arguments)
    return False


def _calls(hook: str, run: Run) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield, for each kind of object that the models have, what it is and the arguments with which Alembic calls."""
    from alembic.autogenerate.api import AutogenContext

    tables = list(run.tables.values())[:_SAMPLES]
    objects = {_kind(item): item for table in tables for item in _parts(table)}
    for kind, item in objects.items():
        table = item if kind == "table" else item.table
        parents = {"schema_name": table.schema, "schema_qualified_table_name": table.fullname}
        if kind != "table":
            parents["table_name"] = table.name
        named = f"an {kind}" if kind == "index" else f"a {kind.replace('_', ' ')}"
        if hook == "include_object":
            yield from ((named, (item, item.name, kind, reflected, None)) for reflected in (False, True))
        elif hook == "include_name":
            yield f"the name of {named}", (item.name, kind, parents)
        elif kind == "column":
            yield "a type", ("type", item.type, AutogenContext(run.context))


def _parts(table: Any) -> Iterator[Any]:
    """Yield a table and what of it Alembic asks about."""
    yield table
    yield from table.columns
    yield from table.indexes
    yield from (item for item in table.constraints if _kind(item) in ("unique_constraint", "foreign_key_constraint"))


def _kind(item: Any) -> str:
    """Return what Alembic calls a kind of object: "table", or "foreign_key_constraint"."""
    names = {"UniqueConstraint": "unique_constraint", "ForeignKeyConstraint": "foreign_key_constraint"}
    for base in type(item).__mro__:
        if base.__name__ in ("Table", "Column", "Index"):
            return base.__name__.lower()
        if base.__name__ in names:
            return names[base.__name__]
    return ""


def _place(project: Project, hook: Callable[..., Any]) -> str:
    """Return where a function is defined."""
    code = getattr(inspect.unwrap(hook), "__code__", None)
    return project.name(code.co_filename, code.co_firstlineno) if code else project.name(project.env)
