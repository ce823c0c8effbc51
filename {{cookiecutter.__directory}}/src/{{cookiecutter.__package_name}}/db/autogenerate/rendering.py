"""How a revision writes types and defaults."""

from inspect import Parameter, signature
from typing import Any, Literal

from alembic.autogenerate.api import AutogenContext
from alembic.util import CommandError
from sqlalchemy import ARRAY, TextClause, TypeDecorator
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ENUM
from sqlalchemy.sql.functions import now
from sqlalchemy.types import TypeEngine
from sqlalchemy.util import generic_repr

from .draft import in_text
from .enums import enum_of


def render_item(type_: str, obj: Any, autogen_context: AutogenContext) -> str | Literal[False]:
    """Return the code for a type that is not SQLAlchemy's own, with the import that it needs; False for the rest.

    And for func.now() as a default, which Alembic writes in the words of the database that it is connected to.
    """
    if type_ == "server_default" and isinstance(getattr(obj, "arg", None), now):
        return "sa.func.now()"
    if type_ == "server_default" and isinstance(getattr(obj, "arg", None), TextClause):
        return f"sa.text({in_text(obj.arg.text)!r})"
    if type_ == "server_default" and isinstance(getattr(obj, "arg", None), str):
        return repr(obj.arg)  # Alembic cuts off quotes at its ends
    if isinstance(obj, postgresql.JSON) and autogen_context.dialect.name != "postgresql":
        autogen_context.imports.add("from sqlalchemy import Text")  # Alembic writes JSONB(astext_type=Text())
    if (
        type_ == "type"
        and autogen_context.dialect.name == "postgresql"
        and (enum := enum_of(obj, autogen_context.dialect))
    ):
        return _enum(obj, enum)
    module = type(obj).__module__
    if type_ != "type" or module.startswith("sqlalchemy."):
        return False
    autogen_context.imports.add(f"import {module}")
    return f"{module}.{type(obj).__qualname__}({_arguments(obj)})"


def _enum(type_: Any, enum: ENUM) -> str:
    """Return the code for an enum type, or an array of one, which statements of the revision's own make and drop."""
    schema = f", schema={enum.schema!r}" if enum.schema else ""
    labels = ", ".join(map(repr, enum.enums))
    code = f"sa.Enum({labels}, name={enum.name!r}{schema}, create_type=False)"
    return f"sa.ARRAY({code})" if isinstance(type_, ARRAY) else code


def _arguments(obj: Any) -> str:
    """Return the arguments that make an equal type. Raises CommandError when the type does not keep them."""
    named = [
        parameter.name
        for parameter in signature(type(obj).__init__).parameters.values()
        if parameter.kind not in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD) and parameter.name != "self"
    ]
    inherited: tuple[Any, ...] = (TypeDecorator.__repr__, TypeEngine.__repr__)
    own_repr = type(obj).__repr__ not in inherited
    lost = [name for name in named if not hasattr(obj, name)]
    if lost and not own_repr:
        raise CommandError(
            f"A revision cannot say with which {', '.join(lost)} a {type(obj).__qualname__} was made: keep it in an "
            "attribute of the same name, or give the type a __repr__."
        )
    code = generic_repr(obj) if named and not own_repr else repr(obj)
    return code.partition("(")[2].removesuffix(")")
