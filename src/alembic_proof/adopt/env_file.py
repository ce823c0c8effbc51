"""The lines with which an env.py uses this library, added to it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..errors import ProofError

IMPORT = "from alembic_proof import migrating, options"
LINES = (
    IMPORT,
    "with engine.connect() as connection, migrating(connection):",
    "context.configure(connection=connection, **options(connection, target_metadata=target_metadata))",
)
_VERSION_TABLE = ("version_table", "version_table_schema")


class UnknownEnvError(ProofError):
    """An env.py is written in a way that cannot be changed by a program. The message says what is not understood."""


class SeveralDatabasesError(UnknownEnvError):
    """An env.py migrates several databases in one command, as the multidb templates do."""


def with_library(source: str) -> str:
    """Return the source of an env.py that uses this library: one more import, and two changed lines.

    Whatever ``context.configure()`` got, hooks too, is handed to ``options()``.
    Raises UnknownEnvError if its way to connect and to configure is not one of those of ``alembic init`` (generic,
    async, pyproject) and Flask-Migrate, or near to one; SeveralDatabasesError for the multidb templates of both.
    """
    try:
        env = _Env(source)
    except SyntaxError as error:
        raise UnknownEnvError(f"line {error.lineno} cannot be read as Python: {error.msg}") from None
    call = env.configure_call()
    edits = [env.import_edit(), env.configure_edit(call), env.connection_edit(call)]
    for start, end, text in sorted(edits, reverse=True):
        source = f"{source[:start]}{text}{source[end:]}"
    ast.parse(source)
    return source


Edit = tuple[int, int, str]  # the text between two places in the source, replaced


class _Env:
    """The source of an env.py, and what in it is to be replaced."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.tree = ast.parse(source)
        self.parents = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}
        self.lines = source.split("\n")
        is_taken = {"migrating", "options"} & set(_bound_names(self.tree))
        self.module = "alembic_proof." if is_taken else ""

    def configure_call(self) -> ast.Call:
        """Return the call that configures the context with a connection."""
        calls = [
            node
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Call) and _called(node) == "configure" and _keyword(node, "connection")
        ]
        if len(calls) != 1:
            raise UnknownEnvError(f"context.configure(connection=...) is called in {len(calls)} places, not in one")
        [call] = calls
        is_name = isinstance(_connection(call), ast.Name)
        if not is_name and isinstance(self.parents[self.parents[call]], ast.For):
            raise SeveralDatabasesError(f"line {call.lineno} configures several databases in turn (--multidb)")
        if not is_name or call.args:
            raise UnknownEnvError(f"line {call.lineno} does not call context.configure(connection=NAME, ...)")
        if not (_keyword(call, "target_metadata") or any(keyword.arg is None for keyword in call.keywords)):
            raise UnknownEnvError(f"line {call.lineno} calls context.configure() without target_metadata")
        return call

    def import_edit(self) -> Edit:
        """Add the import, after Alembic's own."""
        imports = [node for node in self.tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
        if not imports:
            raise UnknownEnvError("it imports nothing at the top")
        after = next((node for node in imports if getattr(node, "module", "") == "alembic"), imports[-1])
        assert after.end_lineno is not None
        place = self._place(after.end_lineno, 0) + len(self.lines[after.end_lineno - 1])
        return place, place, f"\n{'import alembic_proof' if self.module else IMPORT}"

    def configure_edit(self, call: ast.Call) -> Edit:
        """Hand what configure() gets, except the connection, to options()."""
        connection = ast.unparse(_connection(call))
        spans = [(self._start(keyword), self._end(keyword)) for keyword in call.keywords]
        names = [keyword.arg for keyword in call.keywords]
        at = names.index("connection")
        start, end = spans[0][0], spans[-1][1]
        if at == 0:
            head, rest = self.source[start : spans[1][0]], self.source[spans[1][0] : end]
        else:
            head = f"connection={connection}, "
            rest = self.source[start : spans[at - 1][1]] + self.source[spans[at][1] : end]
        options = f"**{self.module}options("
        if "\n" not in rest:
            return start, end, f"{head}{options}{connection}, {rest})"
        if '"""' in rest or "'''" in rest:
            raise UnknownEnvError(f"line {call.lineno} calls context.configure() with a text of several lines")
        line = self.lines[call.keywords[0].lineno - 1]
        indent = line[: len(line) - len(line.lstrip())]
        lines = [f"{connection},", *(line.removeprefix(indent) for line in rest.split("\n"))]
        inner = "".join(f"\n{indent}    {line}" for line in lines)
        return start, end, f"{head}{options}{inner},\n{indent})"

    def connection_edit(self, call: ast.Call) -> Edit:
        """Let migrators take turns: around the use of the connection; where a function gets it, the transaction."""
        connection = ast.unparse(_connection(call))
        given = [keyword for keyword in call.keywords if keyword.arg in _VERSION_TABLE]
        arguments = [connection, *(f"{keyword.arg}={ast.unparse(keyword.value)}" for keyword in given)]
        migrating = f"{self.module}migrating({', '.join(arguments)})"
        function = self._function(call)
        for item in self._items_around(call, function):
            if isinstance(item.optional_vars, ast.Name) and item.optional_vars.id == connection:
                if _called(item.context_expr) != "connect":
                    line = item.context_expr.lineno
                    raise UnknownEnvError(f"line {line} gets its connection from something else than engine.connect()")
                place = self._end(item.optional_vars)
                return place, place, f", {migrating}"
        for node in ast.walk(function):
            for item in node.items if isinstance(node, ast.With) and node.lineno > call.lineno else ():
                if _called(item.context_expr) == "begin_transaction":
                    place = self._start(item.context_expr)
                    return place, place, f"{migrating}, "
        raise UnknownEnvError(f"the function of line {call.lineno} has no `with context.begin_transaction():`")

    def _function(self, node: ast.AST) -> ast.AST:
        """Return the function that a node is in, or the module."""
        while not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Module)):
            node = self.parents[node]
        return node

    def _items_around(self, node: ast.AST, function: ast.AST) -> Iterator[ast.withitem]:
        """Yield the items of the with statements around a node in a function, the innermost first."""
        while node is not function:
            node = self.parents[node]
            if isinstance(node, ast.With):
                yield from node.items

    def _start(self, node: ast.expr | ast.stmt | ast.keyword) -> int:
        return self._place(node.lineno, node.col_offset)

    def _end(self, node: ast.expr | ast.stmt | ast.keyword) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._place(node.end_lineno, node.end_col_offset)

    def _place(self, line: int, column: int) -> int:
        """Return the index in the source; ast counts a column in bytes of UTF-8."""
        before = self.lines[: line - 1]
        return sum(len(text) + 1 for text in before) + len(self.lines[line - 1].encode()[:column].decode())


def _name(node: ast.expr) -> str:
    """Return the last part of a dotted name."""
    return str(getattr(node, "attr", getattr(node, "id", "")))


def _called(node: ast.expr) -> str:
    """Return the name of the function that an expression calls, an empty string if it is no call."""
    return _name(node.func) if isinstance(node, ast.Call) else ""


def _keyword(call: ast.Call, name: str) -> ast.keyword | None:
    return next((keyword for keyword in call.keywords if keyword.arg == name), None)


def _connection(call: ast.Call) -> ast.expr:
    keyword = _keyword(call, "connection")
    assert keyword
    return keyword.value


def _bound_names(tree: ast.Module) -> Iterator[str]:
    """Yield every name that a module or a function in it binds."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.alias):
            yield node.asname or node.name
