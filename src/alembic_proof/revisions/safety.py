"""Whether a function of a revision can be run against a recorder: decided by its syntax tree, before anything runs.

What is allowed is listed here; anything else is not. A function that passes reaches nothing but operations, schema
objects, plain values and helpers of its own file that pass too: no database, no file, no network, no other code of
a project than the constructors of its types.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Mapping
from types import FunctionType, ModuleType
from typing import Any


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Of Alembic's operations, those that say what is to be done and read nothing.
OPERATIONS = _words(
    """
    add_column alter_column batch_alter_table bulk_insert create_check_constraint create_exclude_constraint
    create_foreign_key create_index create_primary_key create_table create_table_comment create_unique_constraint
    drop_column drop_constraint drop_index drop_table drop_table_comment execute f inline_literal rename_table
    """
)
_BUILTINS = _words(
    "bool bytes dict enumerate float frozenset int len list max min range repr reversed set sorted str sum tuple zip "
    "NotImplementedError"
)
# Methods of texts, lists, dictionaries and SQL expressions, which make something new and change nothing.
_METHODS = _words(
    """
    alias and_ asc between bindparams cast columns correlate count delete desc distinct ends_with endswith exists
    filter format from_select get group_by having in_ insert is_ is_not is_not_distinct_from isnot items join keys label
    like limit lower lstrip not_in notin_ op order_by outerjoin over replace returning rstrip scalar_subquery select
    select_from split startswith strip subquery title union union_all update upper values where with_variant zfill
    """
)
_MODULES = frozenset({"datetime", "decimal", "json", "textwrap", "uuid"})  # of the standard library
_NODES = (
    *(ast.Assign, ast.AnnAssign, ast.AugAssign, ast.For, ast.If, ast.Pass, ast.Return, ast.Continue),
    *(ast.Break, ast.Constant, ast.JoinedStr, ast.FormattedValue, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.Starred),
    *(ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Subscript, ast.Slice, ast.ListComp, ast.SetComp),
    *(ast.DictComp, ast.GeneratorExp, ast.comprehension, ast.keyword, ast.expr_context, ast.boolop, ast.cmpop),
    *(ast.unaryop, ast.withitem, ast.operator),
)
_OPERATORS = (ast.Add, ast.Sub, ast.Mod, ast.Mult, ast.BitAnd, ast.BitOr)  # without those that can take for ever


class UnsafeError(Exception):
    """A function does something that is not on the lists."""


class Examination:
    """What is found out about the functions of one revision."""

    def __init__(self, tree: ast.Module, module: ModuleType) -> None:
        self.trees = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        self.values: Mapping[str, Any] = vars(module)
        self.module = module.__name__
        self.functions: dict[str, FunctionType] = {}  # by name, those that are called
        self.names: set[str] = set()  # of the module's values, those that are used
        self.uses_tables = False  # what op.create_table() returns, which takes time to make

    def require_safe(self, name: str) -> FunctionType:
        """Return a function of the module. Raises UnsafeError if it, or what it calls, is not certainly harmless."""
        function, tree = self.values.get(name), self.trees.get(name)
        if not isinstance(function, FunctionType) or function.__module__ != self.module or function.__closure__:
            raise UnsafeError(name)
        if tree is None or tree.decorator_list:
            raise UnsafeError(name)
        if name not in self.functions:
            self.functions[name] = function
            _Function(self, tree).require_safe()
        return function

    def evaluated(self, expression: ast.expr) -> Any:
        """Return the value of an expression that uses no variable of a function. Raises UnsafeError for any other."""
        if isinstance(expression, ast.Constant):
            return expression.value
        body = ast.Module(list(self.trees.values()), [])
        _Function(self, body).visit(expression)
        code = compile(ast.Expression(expression), "<revision>", "eval")
        try:
            return eval(code, dict(self.values))  # examined: it makes values and schema objects, and does nothing
        except Exception as error:
            raise UnsafeError(str(error)) from None


class _Function(ast.NodeVisitor):
    """One function: which names are its own, and which of them are batches or connections."""

    def __init__(self, examination: Examination, tree: ast.FunctionDef | ast.Module) -> None:
        self.examination, self.tree = examination, tree
        nodes = list(ast.walk(tree))
        self.local = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        self.local |= {node.arg for node in nodes if isinstance(node, ast.arg)}
        self.batches: set[str] = set()
        self.statements: set[int] = set()  # expressions of which nobody uses the value
        self.contexts: set[str] = set()  # variables with op.get_bind() or op.get_context()

    def require_safe(self) -> None:
        """Raise UnsafeError for the first thing that is not on the lists."""
        for node in self.tree.body:
            self.visit(node)

    def generic_visit(self, node: ast.AST) -> None:
        """Allow what is listed, and look into it."""
        if not isinstance(node, _NODES):
            raise UnsafeError(type(node).__name__)
        super().generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        """Allow a statement."""
        self.statements.add(id(node.value))
        self.visit(node.value)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        """Allow an operator that cannot take for ever."""
        if not isinstance(node.op, _OPERATORS):
            raise UnsafeError(type(node.op).__name__)
        super().generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        """Allow a new value of a variable; a connection may only tell its dialect."""
        if self._is_context(node.value) and all(isinstance(target, ast.Name) for target in node.targets):
            self.contexts |= {target.id for target in node.targets if isinstance(target, ast.Name)}
            return
        if any(isinstance(inner, ast.Name) and inner.id in self.contexts | self.batches for inner in node.targets):
            raise UnsafeError("a name for two things")
        self._require_names(node.targets)
        self.visit(node.value)

    def _require_names(self, targets: list[ast.expr]) -> None:
        for target in targets:
            for node in ast.walk(target):
                if not isinstance(node, (ast.Name, ast.Tuple, ast.List, ast.Starred, ast.expr_context)):
                    raise UnsafeError("a change of an object")

    def visit_With(self, node: ast.With) -> None:
        """Allow batches, and blocks that commit."""
        for item in node.items:
            call = item.context_expr
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
                raise UnsafeError("with")
            if call.func.attr == "autocommit_block" and self._is_context(call.func.value):
                continue
            if not self._is_op(call.func.value) or call.func.attr != "batch_alter_table":
                raise UnsafeError("with")
            self.visit(call)
            if isinstance(item.optional_vars, ast.Name):
                self.batches.add(item.optional_vars.id)
        for statement in node.body:
            self.visit(statement)

    def visit_Name(self, node: ast.Name) -> None:
        """Allow a variable of the function, and a plain value of the module."""
        if node.id in self.local:
            if node.id in self.contexts | self.batches and isinstance(node.ctx, ast.Load):
                raise UnsafeError(node.id)
            return
        value = self._value(node)
        if not (is_plain(value) or _makes_something(value)):
            raise UnsafeError(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Allow what a dotted name of a module leads to, a public attribute of a safe value, and a dialect's name."""
        if not isinstance(node.ctx, ast.Load) or node.attr.startswith("_"):
            raise UnsafeError(node.attr)
        dialect = node.value
        tells_dialect = node.attr == "name" and isinstance(dialect, ast.Attribute) and dialect.attr == "dialect"
        if tells_dialect and isinstance(dialect, ast.Attribute) and self._is_context(dialect.value):
            return
        if self._begins_in_a_module(node):
            value = self._dotted(node)
            if not (is_plain(value) or _makes_something(value)):
                raise UnsafeError(node.attr)
            return
        self.visit(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        """Allow operations, constructors, a few builtins and methods, and safe functions of the same file."""
        self._require_callable(node.func)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "create_table":
            self.examination.uses_tables |= id(node) not in self.statements
        for argument in (*node.args, *(word.value for word in node.keywords)):
            self.visit(argument)

    def _require_callable(self, called: ast.expr) -> None:
        if isinstance(called, ast.Name):
            if called.id in self.local:
                raise UnsafeError(called.id)
            if called.id in self.examination.trees:
                self.examination.require_safe(called.id)
            elif not _makes_something(self._value(called)):
                raise UnsafeError(called.id)
            return
        if not isinstance(called, ast.Attribute) or called.attr.startswith("_"):
            raise UnsafeError("a call")
        of = called.value
        if self._is_op(of) or (isinstance(of, ast.Name) and of.id in self.batches):
            if called.attr not in OPERATIONS:
                raise UnsafeError(called.attr)
        elif self._begins_in_a_module(called):
            if not _makes_something(self._dotted(called)):
                raise UnsafeError(called.attr)
        elif called.attr in _METHODS:
            self.visit(of)
        else:
            raise UnsafeError(called.attr)

    def _value(self, node: ast.Name) -> Any:
        """Return a value of the module, or a builtin. Raises UnsafeError if there is none."""
        if node.id in self.examination.values:
            self.examination.names.add(node.id)
            return self.examination.values[node.id]
        if node.id in _BUILTINS:
            return getattr(builtins, node.id)
        raise UnsafeError(node.id)

    def _is_op(self, node: ast.expr) -> bool:
        """Tell whether this is ``alembic.op``, under whatever name, and remember the name."""
        from alembic import op

        return isinstance(node, ast.Name) and node.id not in self.local and self._value(node) is op

    def _is_context(self, node: ast.expr) -> bool:
        """Tell whether this is ``op.get_bind()`` or ``op.get_context()``, or a variable with one of them."""
        if isinstance(node, ast.Name):
            return node.id in self.contexts
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.args or node.keywords:
            return False
        return node.func.attr in ("get_bind", "get_context") and self._is_op(node.func.value)

    def _begins_in_a_module(self, node: ast.Attribute) -> bool:
        """Tell whether a dotted name begins with a module or a class of those that a revision imports."""
        root: ast.expr = node
        while isinstance(root, ast.Attribute):
            root = root.value
        if not isinstance(root, ast.Name) or root.id in self.local:
            return False
        return isinstance(self._value(root), (ModuleType, type))

    def _dotted(self, node: ast.expr) -> Any:
        """Return what a dotted name leads to, without running anything that is looked up on the way."""
        from sqlalchemy import func

        if isinstance(node, ast.Name):
            return self._value(node)
        assert isinstance(node, ast.Attribute)
        holder = self._dotted(node.value)
        if holder is func or isinstance(holder, type(func)):
            return func
        if isinstance(holder, type) and holder.__module__ in _MODULES:
            return holder  # datetime.date.today
        if _is_enum(holder):
            value = holder.__members__.get(node.attr)
        else:
            value = vars(holder).get(node.attr) if isinstance(holder, ModuleType) else None
        if isinstance(holder, ModuleType) and holder.__name__ in _MODULES and value is not None:
            return value if isinstance(value, type) else str  # json.dumps: as harmless as str()
        if value is None:
            raise UnsafeError(node.attr)
        return value


def _is_enum(value: Any) -> bool:
    from enum import Enum

    return isinstance(value, type) and issubclass(value, Enum)


def is_plain(value: Any) -> bool:
    """Tell whether using a value cannot do anything: a constant, or a piece of SQL that holds no connection."""
    from datetime import date, time, timedelta
    from decimal import Decimal
    from enum import Enum
    from uuid import UUID

    from sqlalchemy import ClauseElement, MetaData
    from sqlalchemy.schema import SchemaItem
    from sqlalchemy.types import TypeEngine

    if isinstance(value, (tuple, list, set, frozenset)):
        return all(map(is_plain, value))
    if isinstance(value, dict):
        return all(map(is_plain, value)) and all(map(is_plain, value.values()))
    if isinstance(value, MetaData):
        return False  # a table that is put into it would be there when the revision runs
    constants = (str, bytes, int, float, complex, date, time, timedelta, Decimal, UUID, Enum, type(None), type(...))
    return isinstance(value, (*constants, ClauseElement, SchemaItem, TypeEngine))


def _makes_something(value: Any) -> bool:
    """Tell whether calling a value makes an object and does nothing else."""
    from sqlalchemy import ClauseElement, func
    from sqlalchemy.schema import SchemaItem
    from sqlalchemy.types import TypeEngine

    if value is func:
        return True
    if isinstance(value, type):
        kinds = (TypeEngine, SchemaItem, ClauseElement)
        is_builtin = value.__module__ == "builtins" and value.__name__ in _BUILTINS
        return issubclass(value, kinds) or is_builtin or value.__module__ in _MODULES or _is_enum(value)
    module = str(getattr(value, "__module__", ""))
    if module == "builtins":
        return getattr(value, "__name__", "") in _BUILTINS
    return isinstance(value, FunctionType) and module.startswith(("sqlalchemy.sql.", "sqlalchemy.dialects."))
