"""What is ours in a database: the tables of the models and of the revisions. All others are somebody else's."""

import ast
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory
from sqlalchemy import MetaData

Key = tuple[str | None, str]  # a schema and a table


def include_object(script: ScriptDirectory) -> Callable[..., bool]:
    """Return what leaves out a table that is in the database, but neither in a model nor made by a revision of these.

    Such a table is somebody else's.
    """

    def include(obj: Any, name: str, type_: str, reflected: bool, compare_to: Any) -> bool:
        return not (type_ == "table" and reflected and compare_to is None) or (obj.schema, name) in made(script)

    return include


def include_schemas(script: ScriptDirectory, metadata: MetaData, dialect: str) -> dict[str, Any]:
    """Return the arguments of context.configure() with which the schemas are compared that our tables are in.

    On PostgreSQL only: elsewhere a schema is another database.
    """
    if dialect != "postgresql":
        return {}

    def include(name: str | None, type_: str, _: Any) -> bool:
        return type_ != "schema" or name is None or name in in_models or name in {schema for schema, _ in made(script)}

    in_models = {table.schema for table in metadata.tables.values()}
    return {"include_schemas": True, "include_name": include}


@cache
def made(script: ScriptDirectory) -> set[Key]:
    """Return the tables that revisions create, or rename something to."""
    trees = (ast.parse(Path(revision.path).read_bytes()) for revision in script.walk_revisions())
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {key for call in calls if (key := _made(call))}


def _made(call: ast.Call) -> Key | None:
    """Return the table that an operation of Alembic's leaves under a new name, as far as it is written as literals."""
    place = {"create_table": 0, "rename_table": 1}.get(getattr(call.func, "attr", ""))
    if place is None or not isinstance(name := next(iter(call.args[place:]), None), ast.Constant):
        return None
    given = {word.arg: str(word.value.value) for word in call.keywords if isinstance(word.value, ast.Constant)}
    schema = given.get("schema", "public")  # which the inspector calls None
    return None if schema in ("public", "None") else schema, str(name.value)
