"""Types that are not SQLAlchemy's own, as code that makes equal ones: tried before it is written."""

from __future__ import annotations

import ast
import builtins
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import partial
from inspect import Parameter, signature
from types import FunctionType
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import MetaData, TypeDecorator
from sqlalchemy.types import TypeEngine

from .. import upstream

# Values whose repr() is their code, apart from the name of their module.
_TELLING = (date, time, datetime, timedelta, Decimal, UUID)
_DEPTH = 8  # of objects within objects that are compared


class UnwritableTypeError(Exception):
    """No code makes an equal type: the rest of a sentence whose subject is the type."""


@dataclass
class TypeCode:
    """Code of a type, and the imports that it needs."""

    imports: set[str] = field(default_factory=set)

    def of(self, type_: TypeEngine[Any]) -> str:
        """Return the code of a type that is not SQLAlchemy's own. Raises UnwritableTypeError.

        Where an argument may be a secret, that is the type below it, which is the same for the database.
        """
        found, is_decorator = TypeCode(), isinstance(type_, TypeDecorator)
        try:
            code = f"{found._name(type(type_))}({found._arguments(type_)})"
            secret = _secret(type(type_), code) if is_decorator else ""
        except UnwritableTypeError:  # of an encrypted type perhaps what else it keeps
            secret = _secret_name(type_) if is_decorator else ""
            if not secret:
                raise
        if secret:
            code = self._below(type_, secret)
        else:
            self.imports |= found.imports
        for dialect, variant in sorted(upstream.variants(type_).items()):
            code += f".with_variant({self._value(variant)}, {dialect!r})"
        return code

    def _below(self, type_: Any, secret: str) -> str:
        """Return the code of the type that another one decorates. Raises UnwritableTypeError."""
        if type(type_).load_dialect_impl is not TypeDecorator.load_dialect_impl:
            raise UnwritableTypeError(
                f"has {secret}, which may be a secret, and no revision is to have one: return the code of a type that "
                "is the same for the database from render_item in env.py"
            )
        return self.nested(type_.impl_instance)

    def _name(self, named: Any) -> str:
        """Return the dotted name of a class or a function, which is imported. Raises UnwritableTypeError."""
        module, qualname = getattr(named, "__module__", None), getattr(named, "__qualname__", "")
        if module == "builtins" and getattr(builtins, qualname, None) is named:
            return str(qualname)
        found: Any = sys.modules.get(str(module))
        for part in qualname.split("."):
            found = getattr(found, part, None)
        if found is not named or module == "__main__":
            where = "inside of a function" if "<" in qualname else "where no revision can import it from"
            raise UnwritableTypeError(
                f"needs {module}.{qualname}, which is defined {where}: define it at the top of a module"
            )
        self.imports.add(f"import {module}")
        return f"{module}.{qualname}"

    def _arguments(self, type_: TypeEngine[Any]) -> str:
        """Return the first arguments that make an equal type, of several ways to find them."""
        reason = f"has arguments that {type(type_).__name__}() does not keep"
        ways = [partial(_own_repr, type_)]
        if lost := _lost(type_):
            reason = f"does not keep its argument {', '.join(lost)}"
        else:
            ways += [partial(_inherited_repr, type_), partial(self._from_attributes, type_)]
        for arguments in ways:
            try:
                code = arguments()
                made = self._made(type(type_), code)
            except UnwritableTypeError as error:
                reason = str(error)
            except Exception as error:  # whatever a constructor of the project, or a repr that is no code, raises
                reason = reason or str(error)
            else:
                if same_type(made, type_):
                    return code
        raise UnwritableTypeError(
            f"{reason}, so no revision can create an equal type: keep each argument in an attribute of the same name, "
            "give the class a __repr__ that is its code, or return the code from render_item in env.py"
        )

    def _made(self, class_: type, arguments: str) -> Any:
        namespace: dict[str, Any] = {"sa": sqlalchemy, "made": class_}
        for line in self.imports:
            exec(line, namespace)  # modules that are imported already
        return eval(f"made({arguments})", namespace)

    def _from_attributes(self, type_: Any) -> str:
        """Return the arguments from the attributes in which the type keeps them. Raises UnwritableTypeError."""
        arguments: list[str] = []
        for parameter in list(signature(type(type_).__init__).parameters.values())[1:]:
            name, kind = parameter.name, parameter.kind
            kept = _kept(type_, name)
            if kind is Parameter.VAR_POSITIONAL:
                arguments += map(self._value, getattr(type_, kept) if kept else _only(tuple, type_))
            elif kind is Parameter.VAR_KEYWORD:
                named = getattr(type_, kept) if kept else _only(dict, type_)
                arguments += [f"{key}={self._value(value)}" for key, value in dict(named).items()]
            elif kept is None:
                continue  # its default may be right
            elif parameter.default is Parameter.empty and kind is not Parameter.KEYWORD_ONLY:
                arguments.append(self._value(getattr(type_, kept)))
            elif not same(getattr(type_, kept), parameter.default):
                arguments.append(f"{name}={self._value(getattr(type_, kept))}")
        return ", ".join(arguments)

    def _value(self, value: Any) -> str:
        """Return the code of an argument. Raises UnwritableTypeError."""
        if value is None or type(value) in (bool, int, str, bytes):
            return repr(value)
        if isinstance(value, float) and value == value and abs(value) != float("inf"):
            return repr(value)
        if isinstance(value, Enum):
            return f"{self._name(type(value))}.{value.name}"
        if type(value) in _TELLING:
            code = repr(value).removeprefix("datetime.")
            self.imports.add(f"import {type(value).__module__}")
            return f"{type(value).__module__}.{code}"
        if isinstance(value, TypeEngine):
            return self.nested(value)
        if type(value) in (list, tuple, set, frozenset):
            return self._collection(value)
        if isinstance(value, dict):
            return "{" + ", ".join(f"{self._value(key)}: {self._value(each)}" for key, each in value.items()) + "}"
        if callable(value) and hasattr(value, "__qualname__"):
            return self._name(value)
        raise UnwritableTypeError(f"has the argument {value!r}, which is no plain value")

    def _collection(self, value: Any) -> str:
        items = ", ".join(map(self._value, sorted(value, key=repr) if isinstance(value, (set, frozenset)) else value))
        if isinstance(value, list):
            return f"[{items}]"
        if isinstance(value, tuple):
            return f"({items},)" if len(value) == 1 else f"({items})"
        return f"{type(value).__name__}([{items}])"

    def nested(self, type_: TypeEngine[Any]) -> str:
        """Return the code of a type that is the argument of another, or its variant."""
        module = type(type_).__module__
        if not module.startswith("sqlalchemy."):
            return self.of(type_)
        if module.startswith("sqlalchemy.dialects."):
            dialect = module.split(".")[2]
            self.imports.add(f"from sqlalchemy.dialects import {dialect}")
            code = f"{dialect}.{type_!r}"
            if "Text()" in code:  # JSONB(astext_type=Text())
                self.imports.add("from sqlalchemy import Text")
        else:
            code = f"sa.{type_!r}"
        for dialect, variant in sorted(upstream.variants(type_).items()):
            code += f".with_variant({self.nested(variant)}, {dialect!r})"
        return code


_SECRETS = re.compile("key|secret|passw|passphrase|token|credential|salt|cipher", re.IGNORECASE)
_SHORTEST = 6  # letters of what the environment has; "USD" is no secret


def _secret(class_: Any, code: str) -> str:
    """Return which argument in the code of a call may be a secret: by its name, or as the environment has it."""
    call: Any = ast.parse(code, mode="eval").body
    environment = {value for value in os.environ.values() if len(value) >= _SHORTEST}
    for constant in ast.walk(call):
        value = getattr(constant, "value", None) if isinstance(constant, ast.Constant) else None
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        if isinstance(text, str) and text in environment:
            return "an argument that is in the environment"
    parameters = [*signature(class_.__init__).parameters.values()][1:]
    named = [(parameter.name, value) for parameter, value in zip(parameters, call.args, strict=False)]
    for name, value in [*named, *((str(keyword.arg), keyword.value) for keyword in call.keywords)]:
        if _SECRETS.search(name) and isinstance(value, ast.Constant) and isinstance(value.value, (str, bytes)):
            return f"the argument {name}"
    return ""


def _secret_name(type_: Any) -> str:
    """Return which argument that a type keeps may be a secret, by its name."""
    names = [*signature(type(type_).__init__).parameters][1:]
    named = (name for name in names if _SECRETS.search(name) and (kept := _kept(type_, name)) and getattr(type_, kept))
    return next((f"the argument {name}" for name in named), "")


def _kept(type_: Any, name: str) -> str | None:
    """Return the attribute in which a type keeps an argument, or None."""
    return next((each for each in (name, f"_{name}") if hasattr(type_, each)), None)


def _lost(type_: Any) -> list[str]:
    """Return the arguments that a type needs, and does not keep."""
    named = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    return [
        parameter.name
        for parameter in list(signature(type(type_).__init__).parameters.values())[1:]
        if parameter.kind in named and parameter.default is Parameter.empty and _kept(type_, parameter.name) is None
    ]


def _only(kind: type, type_: Any) -> Any:
    """Return the one value of a kind that a type keeps, if it is one: its ``*args`` or ``**kwargs``, perhaps."""
    found = [value for name, value in vars(type_).items() if type(value) is kind and not name.startswith("_")]
    return found[0] if len(found) == 1 else kind()


def _own_repr(type_: Any) -> str:
    """Return the arguments in the ``__repr__`` that the project has written."""
    inherited: tuple[Any, ...] = (TypeDecorator.__repr__, TypeEngine.__repr__)
    if type(type_).__repr__ in inherited:
        raise SyntaxError
    return _between_parentheses(repr(type_), type(type_).__name__)


def _inherited_repr(type_: Any) -> str:
    """Return the arguments as SQLAlchemy writes them."""
    has_parameters = any(
        parameter.kind not in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
        for parameter in list(signature(type(type_).__init__).parameters.values())[1:]
    )
    code = upstream.type_repr(type_) if has_parameters else super(type(type_), type_).__repr__()
    return _between_parentheses(code, type(type_).__name__)


def _between_parentheses(code: str, name: str) -> str:
    called, parenthesis, rest = code.partition("(")
    if not parenthesis or called.rpartition(".")[2] != name or not rest.endswith(")"):
        raise SyntaxError(code)
    return rest.removesuffix(")")


def same_type(type_: Any, other: Any) -> bool:
    """Tell whether two types are equal: of one class, and alike in all that they keep, apart from variants."""
    return type(type_) is type(other) and _same_state(type_, other, _DEPTH)


def same(value: Any, other: Any, depth: int = _DEPTH) -> bool:
    """Tell whether two values are equal; objects that do not say so themselves are, if what they keep is."""
    if value is other:
        return True
    if type(value) is not type(other):
        return False
    if isinstance(value, TypeEngine):
        is_own = type(value).__module__.startswith("sqlalchemy.")
        return repr(value) == repr(other) if is_own else _same_state(value, other, depth)
    if isinstance(value, (list, tuple)):
        return len(value) == len(other) and all(same(*pair, depth) for pair in zip(value, other, strict=True))
    if isinstance(value, dict):
        return value.keys() == other.keys() and all(same(value[key], other[key], depth) for key in value)
    if isinstance(value, MetaData) or depth == 0:
        return True
    if isinstance(value, FunctionType):
        kept, others = ([cell.cell_contents for cell in each.__closure__ or ()] for each in (value, other))
        return value.__code__ is other.__code__ and same(kept, others, depth - 1)
    try:
        if value == other:
            return True
    except Exception:  # of another library's, whose comparison may mean something else
        return True
    class_: Any = type(value)
    return hasattr(value, "__dict__") and class_.__eq__ is object.__eq__ and _same_state(value, other, depth)


def _same_state(value: Any, other: Any, depth: int) -> bool:
    return all(same(one, another, depth - 1) for one, another in _shared_attributes(value, other))


def _shared_attributes(value: Any, other: Any) -> Iterator[tuple[Any, Any]]:
    """Yield what two objects keep under the same names, apart from what SQLAlchemy notes for itself."""
    for name in vars(value).keys() & vars(other).keys():
        if name not in ("_variant_mapping", "_static_cache_key", "dispatch"):
            yield vars(value)[name], vars(other)[name]
