"""Checks for which nothing is run: they read the project's files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import Any

from . import Note, Problem, Unknown, check
from .project import Project

DISPATCH = """\
if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()"""


@check("static")
def files_parse(project: Project) -> Iterable[Problem]:
    """Every Python file about the database parses

    One that does not hides whatever is wrong in it, so that nothing can be said about the rest.
    """
    for path in project.database_files:
        try:
            project.tree(path)
        except Unknown as reason:
            if project.package or path == project.env or path in project.revision_files:
                raise
            yield Note(project.name(path), str(reason), "nothing, if nobody imports it: the other checks pass over it")


@check("static")
def ini_leads_to_scripts(project: Project) -> Iterable[Problem]:
    """The configuration leads to env.py, script.py.mako and versions/

    Where versions/ is missing, as git keeps no empty directory and an image may leave it out, alembic upgrade head
    succeeds and does nothing.
    """
    if not project.options.get("script_location") and not project.env.is_file():
        if project.sections:
            raise Unknown(f"{project.config_error}: say which one is meant with -n {project.sections[0]}")
        fix = "let it have a section [alembic] with script_location = %(here)s/migrations"
        yield Problem(project.name(project.config_file), project.config_error or "it has no script_location", fix)
        return
    again = "restore it from version control"
    wanted = {project.env: again, project.scripts / "script.py.mako": again}
    wanted |= dict.fromkeys(project.versions, "make the directory, with a .gitkeep: git keeps no empty directories")
    for path, fix in wanted.items():
        if not path.exists() or (path.is_file() and not path.read_text(encoding="utf-8").strip()):
            yield Problem(project.name(path), "it is missing or empty", fix)


@check("static", ours=True)
def ini_has_its_logging(project: Project) -> Iterable[Problem]:
    """alembic.ini has the logging sections that it names

    Without one of them, fileConfig() in env.py fails with a KeyError in every alembic command.
    """
    text = project.ini.read_text(encoding="utf-8", errors="replace") if project.ini.is_file() else ""
    if project.env.is_file() and b"fileConfig" in project.env.read_bytes():
        lists = re.findall(r"^\[(logger|handler|formatter)s\]\s*keys *[=:] *(.*)", text, re.MULTILINE)
        named = {f"{kind}_{key.strip()}" for kind, keys in lists for key in keys.split(",") if key.strip()}
        there = set(re.findall(r"^\[(\w+)\]", text, re.MULTILINE))
        for section in sorted(({"loggers", "handlers", "formatters"} | named) - there):
            yield Problem(
                project.name(project.ini), f"it has no section [{section}]", "restore it from version control"
            )


@check("static")
def options_have_one_meaning(project: Project) -> Iterable[Problem]:
    """No option is set twice, or split where it should not be

    What alembic.ini says wins over pyproject.toml. Without path_separator, Alembic splits prepend_sys_path at spaces,
    commas and colons.
    """
    for name in project.doubled:
        what = f"{name} is set here and differently in {project.name(project.toml)}: this one is used"
        yield Problem(project.name(project.ini), what, "delete one of them")
    path = project.options.get("prepend_sys_path", "")
    parts = [project.ini.parent / part for part in re.split("[ ,:]+", path) if part]
    meant = all(part.is_dir() for part in parts)  # before path_separator, that was how to name several
    if project.ini.is_file() and not project.options.get("path_separator") and re.search(r"[ ,]", path) and not meant:
        what = "without path_separator, prepend_sys_path is split at its spaces and commas"
        yield Problem(project.name(project.ini), what, "add the line: path_separator = os")


@check("static", ours=True)
def no_url_in_ini(project: Project) -> Iterable[Problem]:
    """The database URL has one home, and it is not alembic.ini

    With two homes, the application and its migrations sooner or later work on two databases.
    """
    if project.options.get("sqlalchemy.url"):
        what = "sqlalchemy.url is set, but the application reads DATABASE_URL: they will name two databases"
        yield Problem(project.name(project.ini), what, "delete the line, and put the URL into .env as DATABASE_URL")


@check("static")
def env_runs_migrations(project: Project) -> Iterable[Problem]:
    """env.py calls run_migrations(), online and offline

    If it does not, every alembic command exits with 0, alembic check included, and autogenerate writes an empty file.
    """
    tree = project.tree(project.env)
    missing = [mode for mode, offline in (("online", False), ("offline", True)) if not _reaches(tree, offline)]
    if not missing:
        return
    names = {getattr(node, "attr", getattr(node, "id", "")) for node in ast.walk(tree)}
    if "run_migrations" not in names or names & _DYNAMIC:
        return  # another module may do it, or the text does not tell what is called: the probe will
    effect = "every alembic command succeeds and does" if "online" in missing else "alembic upgrade head --sql prints"
    what = f"context.run_migrations() is never reached {' or '.join(missing)}: {effect} nothing"
    last = tree.body[-1].end_lineno if tree.body else None
    yield Problem(project.name(project.env, last), what, f"end the file with these lines, not indented:\n{DISPATCH}")


_DYNAMIC = {"globals", "locals", "vars", "getattr", "exec", "eval", "import_module", "run_path"}


@check("static")
def no_table_outside_migrations(project: Project) -> Iterable[Problem]:
    """Tables come from migrations, never from create_all

    It makes tables before a migration does, so that autogenerate finds nothing to write, and it never alters one.
    Called in a revision, it makes the models of today, whatever the revision was meant to make.
    """
    for path in project.files_with(rb"(create|drop)_all"):
        for node in ast.walk(project.tree(path)):
            if isinstance(node, ast.Attribute) and node.attr in ("create_all", "drop_all") and _is_metadata(node.value):
                what = f"{node.attr}() changes tables behind Alembic's back, and autogenerate then sees no difference"
                yield Problem(project.name(path, node.lineno), what, "delete the call; run: alembic upgrade head")


@check("static")
def revisions_form_one_line(project: Project) -> Iterable[Problem]:
    """The revisions form one line with one head

    Two branches of work that were merged may each have brought a revision that follows the same one: alembic upgrade
    head then refuses, at deployment. Branch labels say that it is meant so.
    """
    known = {values["revision"]: path for path, values in project.revisions.items()}
    followed: set[str] = set()
    labels = {label for values in project.revisions.values() for label in _several(values.get("branch_labels"))}
    for path, values in project.revisions.items():
        if known[values["revision"]] != path:
            what = f"its id {values['revision']} is also that of {project.name(known[values['revision']])}"
            yield Problem(project.name(path), what, "give one of them, and those that follow it, another id")
        before = _several(values.get("down_revision"))
        followed |= before
        needed = before | (_several(values.get("depends_on")) - labels)
        for missing in sorted(name for name in needed if not any(one.startswith(name) for one in known)):
            yield Problem(project.name(path), f"it follows revision {missing}, which is not there",
                          f"restore the file of revision {missing} from version control")  # fmt: skip
        if len(values["revision"]) > 32:
            yield Problem(project.name(path), "its id is longer than the 32 characters that alembic_version holds",
                          "shorten the id, also where another revision names it")  # fmt: skip
    heads = sorted(set(known) - followed)
    if len(heads) > 1 and not any(values.get("branch_labels") for values in project.revisions.values()):
        yield Problem(project.name(known[heads[-1]]), f"there are {len(heads)} heads, {' and '.join(heads)}: "
                      "alembic upgrade head will refuse to choose", "alembic merge heads -m 'merge'")  # fmt: skip


def _several(value: Any) -> set[str]:
    """Return the revisions or labels that a variable of a revision names: none, one or more."""
    return {value} if isinstance(value, str) else set(value or ())


@check("static", ours=True)
def revisions_keep_data(project: Project) -> Iterable[Problem]:
    """No revision loses data, or fails on a table that has rows, without a word

    Autogenerate takes a rename for a drop and an add. A NOT NULL column without a server default cannot be added to a
    table with rows. A line that means to drop says so in a comment: # destroys data
    """
    for path in project.revisions:
        lines = path.read_text(encoding="utf-8").splitlines()
        for function in project.tree(path).body:
            if isinstance(function, ast.FunctionDef) and function.name == "upgrade":
                for line, what, fix in _risks(function):
                    if "# destroys data" not in lines[line - 1]:
                        yield Problem(project.name(path, line), what, fix)


def _risks(upgrade: ast.FunctionDef) -> Iterator[tuple[int, str, str]]:
    """Yield what looks like a rename or cannot run on rows: the line, what is wrong, the fix."""
    made: dict[tuple[str, str], list[tuple[str, int]]] = {}  # by what is done to which table: names and lines
    copied = ""  # what its statements are about
    for action, arguments, call in _operations(upgrade):
        copied += ast.unparse(call) if action in ("execute", "bulk_insert") else ""
        if action in ("add_column", "drop_column") and len(arguments) > 1:
            made.setdefault((action, ast.unparse(arguments[0])), []).append((_named(arguments[1]), call.lineno))
        if action in ("create_table", "drop_table") and arguments:
            made.setdefault((action, ""), []).append((_named(arguments[0]), call.lineno))
        if action == "add_column" and len(arguments) > 1 and isinstance(arguments[1], ast.Call):
            given = {word.arg: ast.unparse(word.value) for word in arguments[1].keywords}
            generated = re.search("Computed|Identity", ast.unparse(arguments[1]))
            if given.get("nullable") == "False" and given.get("server_default", "None") == "None" and not generated:
                what = "a NOT NULL column without a server_default cannot be added to a table with rows"
                fix = "add it with nullable=True, fill it with op.execute(), then op.alter_column(..., nullable=False)"
                yield call.lineno, what, fix
    for (action, table), dropped in made.items():
        added = made.get((action.replace("drop_column", "add_column").replace("drop_table", "create_table"), table), [])
        if action.startswith("drop") and added and not re.search(rf"\b{re.escape(dropped[0][0])}\b", copied):
            new, (old, line) = added[0][0], dropped[0]
            fix = f"op.rename_table({old!r}, {new!r})"
            if table:
                fix = f"op.alter_column({table}, {old!r}, new_column_name={new!r})"
            yield (line, f"it drops {old} and adds {new}: the data of {old} is lost",
                   f"if that is a rename: {fix}; if not, end the line with the comment: # destroys data")  # fmt: skip


def _operations(function: ast.FunctionDef) -> Iterator[tuple[str, list[ast.expr], ast.Call]]:
    """Yield each call of op's: its name, its arguments (in a batch after the table's name), and the call."""
    batches: dict[int, ast.expr] = {}
    for block in ast.walk(function):
        for item in block.items if isinstance(block, ast.With) else ():
            if isinstance(item.context_expr, ast.Call) and item.context_expr.args:
                batches |= {
                    id(node): item.context_expr.args[0]
                    for node in ast.walk(block)
                    if isinstance(node, ast.Call)
                    and getattr(item.optional_vars, "id", "") == ast.unparse(getattr(node.func, "value", node))
                }
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr, [*filter(None, [batches.get(id(node))]), *node.args], node


def _named(node: ast.expr) -> str:
    """Return the name that a column or a table is given, as far as it is written as a literal."""
    first = node.args[0] if isinstance(node, ast.Call) and node.args else node
    return str(first.value) if isinstance(first, ast.Constant) else ast.unparse(first)


def _is_metadata(node: ast.expr) -> bool:
    return re.search(r"metadata|\bdb$", ast.unparse(node), re.IGNORECASE) is not None


def _reaches(tree: ast.Module, offline: bool) -> bool:
    """Tell whether running the module leads to run_migrations() in this mode.

    Whatever function is mentioned is taken to be called, and of a condition that is not about the mode both sides.
    """
    functions = {n.name: n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))}
    modes = {
        target.id: _mode(node.value, offline, {})
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    seen: set[str] = set()

    def visit(node: ast.AST) -> bool:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return any(map(visit, node.decorator_list)) or (bool(node.decorator_list) and any(map(visit, node.body)))
        if isinstance(node, (ast.If, ast.IfExp)):
            side = _mode(node.test, offline, modes)
            branches = [node.body] if side else [node.orelse] if side is False else [node.body, node.orelse]
            return any(visit(n) for branch in branches for n in (branch if isinstance(branch, list) else [branch]))
        name = getattr(node, "id", getattr(node, "attr", ""))
        if name == "run_migrations":
            return True
        if name in functions and name not in seen:
            seen.add(name)
            if any(map(visit, functions[name].body)):
                return True
        return any(map(visit, ast.iter_child_nodes(node)))

    return any(map(visit, tree.body))


def _mode(test: ast.expr, offline: bool, known: dict[str, bool | None]) -> bool | None:
    """Return what a condition is in this mode, None if that cannot be told."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        value = _mode(test.operand, offline, known)
        return None if value is None else not value
    if isinstance(test, ast.Call) and getattr(test.func, "attr", getattr(test.func, "id", "")) == "is_offline_mode":
        return offline
    if isinstance(test, ast.Constant):
        return bool(test.value)
    if isinstance(test, ast.Name):
        return False if test.id == "TYPE_CHECKING" else known.get(test.id)
    if isinstance(test, ast.Compare) and getattr(test.left, "id", "") == "__name__":
        return False  # alembic imports env.py, it is never __main__
    return None
