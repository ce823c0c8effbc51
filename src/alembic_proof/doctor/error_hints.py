"""What to do about an error of Alembic, SQLAlchemy or a database.

An error is looked up by its code, then by its type, and then by its text, in the order of TEXTS.
"""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

ADD_AND_FILL = "add the column with nullable=True, fill it with op.execute(), then set nullable=False"
CHANGE_ROWS = "existing rows do not satisfy this: change or delete them first with op.execute()"
REMOVE_DUPLICATES = "remove the duplicates with op.execute() first"
CREATED_TWICE = (
    "it is created twice: take it out of one revision; or, if something other than revisions created it, remove it, or "
    "stamp"
)
CREATE_BEFORE = (
    "correct the name, or let a revision before this one create it; where two tables refer to each other, create both "
    "without one of the keys, and then op.create_foreign_key()"
)
IN_USE = "another process uses the table, or the revision opens a connection of its own: use op.get_bind()"
NO_TRANSACTION = "put it into a block of its own: with op.get_context().autocommit_block()"
NO_PARAMETERS = "DDL takes no bind parameters: write the value into the statement"
CHECK_PASSWORD = "check the URL; str(url) masks the password: render_as_string(hide_password=False)"
CREATE_SCHEMA = "create the schema, and commit, before context.configure()"
NO_POOLER = "give migrations the server's own address, not a pooler's"
LABEL_ALONE = "use the new label in a revision of its own, after the one that adds it"
USE_BATCH = "on SQLite: with op.batch_alter_table(...), which render_as_batch=True writes"
SYNCHRONOUS = (
    "env.py is synchronous: give it a synchronous driver (psycopg, pymysql), or create it with alembic init -t async"
)

READ_ONLY = "migrate the primary: this server, or this transaction, only reads"
LOST = "look into the server's log, then run the command again"
TIMEOUT = (
    "run it when the server is quiet, or give the migration more time (statement_timeout of its role or database; "
    "max_statement_time on MariaDB)"
)

# SQLSTATE codes of PostgreSQL (appendix A of its manual), and error numbers of MySQL and MariaDB (their server error
# references). A code that means several things, such as 23505 or 42704, is left to TEXTS.
CODES: dict[str | int, str] = {
    "23502": ADD_AND_FILL,
    "23503": CHANGE_ROWS,
    "23514": CHANGE_ROWS,
    "22P02": CHANGE_ROWS,
    "25006": READ_ONLY,
    "57014": TIMEOUT,
    "57P01": LOST,
    "25001": NO_TRANSACTION,
    "28P01": CHECK_PASSWORD,
    "3F000": CREATE_SCHEMA,
    "42701": CREATED_TWICE,
    "42703": CREATE_BEFORE,
    "42P01": CREATE_BEFORE,
    "42P05": NO_POOLER,
    "42P07": CREATED_TWICE,
    "55P03": IN_USE,
    "55P04": LABEL_ALONE,
    1045: CHECK_PASSWORD,
    1048: ADD_AND_FILL,
    1050: CREATED_TWICE,
    1051: CREATE_BEFORE,
    1054: CREATE_BEFORE,
    1060: CREATED_TWICE,
    1061: CREATED_TWICE,
    1062: REMOVE_DUPLICATES,
    1091: CREATE_BEFORE,
    1138: ADD_AND_FILL,
    1146: CREATE_BEFORE,
    1205: IN_USE,
    1265: CHANGE_ROWS,
    1292: CHANGE_ROWS,
    1290: READ_ONLY,
    1366: CHANGE_ROWS,
    1406: CHANGE_ROWS,
    1452: CHANGE_ROWS,
    1792: READ_ONLY,
    1836: READ_ONLY,
    1969: TIMEOUT,  # on MariaDB
    2006: LOST,
    2013: LOST,
    3024: TIMEOUT,  # on MySQL
    3819: CHANGE_ROWS,  # a CHECK, on MySQL
    4025: CHANGE_ROWS,  # a CHECK, on MariaDB
}

# By the name of a class, its own or one of its bases.
TYPES = {
    "MissingGreenlet": SYNCHRONOUS,
    "MultipleHeads": "alembic merge heads -m 'merge'",
}

# A pattern, searched in the error's text and in the line that raised it. The first one that matches counts.
TEXTS = {
    r"could not assemble any primary key":
        "give it a column with primary_key=True; what has none may be a Table, and no class",
    r"__table_args__ value must be a tuple":
        "write a comma before the last parenthesis: __table_args__ = (UniqueConstraint(...),)",
    r"can't be correctly interpreted for Annotated Declarative":
        "write Mapped[] around the type of this attribute: title: Mapped[str]; if it is no column, ClassVar[]",
    r"has no attribute '_ARRAY|No module named 'greenlet'|requires that the Python 'greenlet'":
        "pip install 'sqlalchemy[asyncio]', and name it in the dependencies",
    r"greenlet_spawn has not been called": SYNCHRONOUS,
    r"asyncio extension requires an async driver": "env.py is asynchronous: give it an asynchronous driver (asyncpg, "
        "aiosqlite), or a synchronous env.py",
    r"cannot be called from a running event loop": "run the migration in a thread: await asyncio.to_thread(...)",
    r"'(file_template|\w+_locations?|\w+_path)'.*interpolation|bad interpolation variable|"
    r"^'(year|month|day|hour|minute|second|rev|slug|epoch)'$":
        "in alembic.ini and in [tool.alembic] a % is written twice: %%(year)d",
    r"\bself\.file_template\b": "correct file_template in alembic.ini, or in [tool.alembic]: Alembic knows %%(rev)s, "
        "%%(slug)s, %%(epoch)s, and %%(year)d, month, day, hour, minute, second",
    r"interpolation|'%' must be followed by": "write each % of the URL twice, %%, in alembic.ini and for "
        "set_main_option(); or do not pass the URL through the ini: create_engine(url)",
    r"sqlalchemy.dialects:postgres\b": "write postgresql:// instead of postgres://",
    r"Could not parse SQLAlchemy URL": "the URL is missing, or is none, as sqlite:///app.db is one (an ini takes it "
        "without quotes): set the environment variable, or whatever names it here (sqlalchemy.url is read from "
        "alembic.ini only)",
    r"Invalid SQLite URL": "write three slashes before a relative path, sqlite:///app.db, and four before an absolute "
        "one",
    r"sqlalchemy.dialects:driver\b|Expected string or URL object|"
    r"option values must be strings|^'url'$|^'\w*(URL|URI|DSN)'$|base 10: 'None'": "the URL is missing: set the "
        "environment variable, or whatever names it here (sqlalchemy.url is read from alembic.ini only)",
    r"password authentication failed": CHECK_PASSWORD,
    r"No 'script_location' key": "run alembic where alembic.ini is, or name it with -c",
    r"^'(loggers|handlers|formatters|(logger|handler|formatter)_\w+)'$|\.ini (doesn't exist|is invalid|is an empty)":
        "give the ini the logging sections of alembic init, or let env.py not call fileConfig()",
    r"'Config' object has no attribute": "another program than alembic hands this to env.py (Advanced Alchemy does): "
        "take it from the application's settings, so that alembic can run env.py too",
    r"Can't locate timezone": "correct timezone in alembic.ini, or in [tool.alembic]: UTC, or a name as Asia/Seoul is "
        "one (where the system has no time zones: pip install tzdata)",
    r"Can't locate revision": "restore the revision's file, or check out the branch that has it",
    r"Multiple head revisions": TYPES["MultipleHeads"],
    r"contains null values|NOT NULL column with default value NULL|NOT NULL constraint failed": ADD_AND_FILL,
    r"value too long for type (?!character varying\(32\))|CHECK constraint failed|would refer to missing rows":
        CHANGE_ROWS,
    r"pg_type_typname_nsp_index|expected to match one row": "another process migrated at the same time: run it again",
    r"UniqueViolation|UNIQUE constraint failed": REMOVE_DUPLICATES,
    r"cannot be cast automatically": "op.alter_column(..., postgresql_using='column::type')",
    r"type \"?\w+\"? already exists": "drop the type with the last table that uses it, in downgrade() too: "
        "op.execute('DROP TYPE name')",
    r"type \"?\w+\"? does not exist": "create the type first: sa.Enum(..., name='name').create(op.get_bind())",
    r"Constraint must have a name|it has no name": "name it, or give the metadata a naming_convention",
    r"No support for ALTER of constraints in SQLite|near \"(ALTER|DROP|MODIFY)\"": USE_BATCH,
    r"prepared statement \S+ already exists": NO_POOLER,
    r"already exists|(?i:duplicate (column|key) name)": CREATED_TWICE,
    r"value too long for type character varying\(32\)": "shorten the revision id to 32 characters",
    r"cannot run inside a transaction block|cannot VACUUM": NO_TRANSACTION,
    r"assert self\._transaction is not None": "a statement before context.configure() has begun a transaction: commit "
        "it there",
    r"unsafe use of new value": LABEL_ALONE,
    r"'autogenerate'$": "a process_revision_directives hook fails without cmd_opts.autogenerate:"
        " getattr(config.cmd_opts, 'autogenerate', False)",
    r"generated_revisions\[-1\]": "a process_revision_directives hook empties the list, also for alembic check: let it "
        "do so only if getattr(config.cmd_opts, 'autogenerate', False)",
    r"operator does not exist: json": "make the column JSONB, or leave its default out of compare_server_default",
    r"name '\w+' is not defined|has no attribute 'types'": "import it there",
    r"'NoneType' object has no attribute '(fetch|scalar|all|first|one)": "offline no rows can be read: ask "
        "context.is_offline_mode() first",
    r"cannot insert multiple commands|only execute one statement at a time": "one statement for each op.execute()",
    r"syntax error at or near \"\$1\"|data type of parameter \$1|parameters are not allowed in": NO_PARAMETERS,
    r"value is required for bind parameter": "op.execute() takes :name for a parameter: write \\\\: for a colon",
    r"schema \"?\w+\"? does not exist": CREATE_SCHEMA,
    r"including %\(constraint_name\)s token requires": "give the CheckConstraint a name",
    r"database is locked|lock timeout": IN_USE,
    r"(relation|table) \"?\w+\"? does not exist|no such (table|column)": CREATE_BEFORE,
    r"did not commit": "leave commits to Alembic, and no transaction open before context.configure()",
    r"can't render element of type \w+": "this database has no such type: take one that it has, or a type for each, as "
        "JSON().with_variant(JSONB(), 'postgresql')",
    r"Could not locate SQLAlchemy Core type": "give the column its type, as in mapped_column(JSON); or give the base "
        "class type_annotation_map = {dict: JSON}",
    r"Could not resolve all types within mapped annotation": "import the type in this module, not only under "
        "TYPE_CHECKING, or correct its name",
    r"Argument 'arg' is expected to be one of type '<class 'str'>'": "server_default= takes SQL, as in func.now() or "
        "text('0'); what Python computes is for default=",
    r"EOF when reading a line": "nobody may be there to answer: read it with context.get_x_argument(), which "
        "alembic -x name=value passes",
    r"not a valid value for (version_)?path_separator": "path_separator in alembic.ini is os, space, newline, : or ;",
    r"syntax error|error in your SQL syntax": "correct the SQL",
    r"file is not a database": "correct the URL: this file is no SQLite database (or it is encrypted)",
    r"does not have a __table__ or __tablename__": "give the class a __tablename__; or __abstract__ = True, if it is "
        "only a base of others",
    r"takes (from \d+ to )?\d+ positional arguments? but \d+ (was|were) given":
        "give the last argument its name, name=value, or take it away",
    r"got an unexpected keyword argument": "correct the name of this argument, or take it away",
    r"No module named": "install the project (pip install -e .), or set prepend_sys_path in the ini",
}  # fmt: skip

# What Alembic says to its own table; a revision need not name it.
_VERSION_TABLE = re.compile(r"(?i:INSERT INTO|UPDATE|DELETE FROM) \S*alembic_version\b")

# By a type of PostgreSQL, the extension that brings it.
EXTENSIONS = {
    **dict.fromkeys(("vector", "halfvec", "sparsevec"), "vector"),
    **dict.fromkeys(("geometry", "geography", "raster"), "postgis"),
    **{name: name for name in ("citext", "hstore", "ltree", "cube")},
}
# Where nothing is known of an error, a question leads the reader on.
NOT_KNOWN = (
    "what does this line need that is not there when alembic runs it? To see the whole traceback: "
    "ALEMBIC_PROOF_TRACEBACK=1 alembic current; for a revision, upgrade head in place of current"
)


def hint(error: BaseException, statement: str = "") -> str:
    """Return what to do about an error that a statement of the project met."""
    errors = list(_with_causes(error))
    hints = (_import_hint, _settings_hint, _twice_hint, _version_table_hint)
    if particular := next(filter(None, (each(error) for each in hints)), "") or _prefix_hint(error, statement):
        return particular
    for code in (code for each in errors for code in _codes(each)):
        if code in CODES:
            return CODES[code]
    for name in (base.__name__ for each in errors for base in type(each).__mro__):
        if name in TYPES:
            return TYPES[name]
    line = "".join(str(frame.line) for frame in traceback.extract_tb(error.__traceback__)[-1:])
    text = f"{error}\n{line}"
    # The messages of Alembic's commands, and of this library, are sentences that say what to do.
    is_sentence = any(base.__name__ in ("CommandError", "ProofError") for base in type(error).__mro__)
    otherwise = "do what this sentence says" if is_sentence else _similar_name(error) or NOT_KNOWN
    missing = re.search(r"type \"?(\w+)\"? does not exist", str(error))
    if missing and missing[1] in EXTENSIONS:
        return f'in a revision before: op.execute("CREATE EXTENSION IF NOT EXISTS {EXTENSIONS[missing[1]]}")'
    return next((fix for pattern, fix in TEXTS.items() if re.search(pattern, text, re.MULTILINE)), otherwise)


def _import_hint(error: BaseException) -> str:
    """Return what to do where a module is found, and what is wanted of it is not; otherwise an empty string."""
    if isinstance(error, ModuleNotFoundError) and "." in (error.name or ""):
        package, _, module = str(error.name).rpartition(".")
        return f"the package {package} is found, and has no module {module}: correct the name, or write it"
    found = re.match(r"cannot import name '(\w+)' from (partially initialized module )?'([\w.]+)'", str(error))
    if not isinstance(error, ImportError) or found is None:
        return ""
    name, begun, module = found.groups()
    if begun:
        return f"{module} ({error.path}) imports this file in turn: import it in a function, or move what both need"
    place = Path(error.path or "?")
    hidden = place.parent.parent / f"{place.parent.name}.py"
    if place.name == "__init__.py" and hidden.is_file():
        return f"the directory {place.parent.name} hides {hidden.name} beside it: rename one, or make them one"
    similar = get_close_matches(name, vars(sys.modules.get(module, object)), 1)
    meant = f"did you mean {similar[0]}?" if similar else "correct the name, or define it there"
    return f"the module {module} is found in {error.path or 'a directory'}, and {name} is not in it: {meant}"


def _similar_name(error: BaseException) -> str:
    """Return what may be meant by an attribute that an object does not have; otherwise an empty string."""
    name = getattr(error, "name", None)
    if not isinstance(error, AttributeError) or not name:
        return ""
    similar = get_close_matches(name, dir(getattr(error, "obj", None)), 1)
    return f"did you mean {similar[0]}?" if similar else ""


def _twice_hint(error: BaseException) -> str:
    """Return what to do where a table is defined twice: by two classes, or by one file that is loaded twice."""
    if "is already defined for this MetaData instance" not in str(error):
        return ""
    frames = [frame.f_globals for frame, _ in traceback.walk_tb(error.__traceback__)]
    own = [each for each in frames if "site-packages" not in each.get("__file__", "site-packages")]
    file, name = (own[-1]["__file__"], own[-1].get("__name__")) if own else ("", "")
    others = [key for key, module in list(sys.modules.items()) if key != name and file and _file(module) == file]
    if others:
        return f"this file is loaded already, as {others[0]}: import it under that name everywhere, not as {name}"
    return "give one of the two classes another __tablename__, or delete it"


def _version_table_hint(error: BaseException) -> str:
    """Return what to do where Alembic's own table is gone when it writes into it; otherwise an empty string."""
    is_gone = re.search(r"no such table|does not exist|doesn't exist", str(getattr(error, "orig", "")))
    if is_gone is None or not _VERSION_TABLE.match(str(getattr(error, "statement", ""))):
        return ""
    return "a revision drops or renames alembic_version, the table where Alembic keeps its place: take that out of it"


def _file(module: object) -> object:
    return getattr(module, "__dict__", {}).get("__file__")


def _settings_hint(error: BaseException) -> str:
    """Return what to set where settings of pydantic have no value; otherwise an empty string."""
    if type(error).__name__ != "ValidationError" or not type(error).__module__.startswith("pydantic"):
        return ""
    details: Any = getattr(error, "errors", list)()
    missing = [".".join(map(str, each.get("loc", ()))) for each in details if each.get("type") == "missing"]
    return f"set in the environment, or where the settings are read from: {', '.join(missing)}" if missing else ""


def _prefix_hint(error: BaseException, statement: str) -> str:
    """Return what to do where engine_from_config() looks for the URL under another name; else an empty string."""
    prefix = re.search(r"engine_from_config\(.*prefix\s*=\s*([\"'])(.*?)\1", statement, re.DOTALL)
    if not isinstance(error, KeyError) or prefix is None or prefix[2] == "sqlalchemy.":
        return ""
    return f'write prefix="sqlalchemy.": with {prefix[2]!r} it looks for {prefix[2]}url in alembic.ini'


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, and those that it was raised from: SQLAlchemy keeps a driver's error as ``orig``."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = getattr(current, "orig", None) or current.__cause__


def _codes(error: BaseException) -> Iterator[str | int]:
    """Yield the SQLSTATE or the error number that a driver gave an error."""
    for name in ("sqlstate", "pgcode"):  # psycopg and asyncpg; psycopg2
        if isinstance(code := getattr(error, name, None), str):
            yield code
    if error.args and type(error.args[0]) is int and type(error).__module__.partition(".")[0] in _MYSQL_DRIVERS:
        yield error.args[0]


_MYSQL_DRIVERS = {"pymysql", "MySQLdb", "asyncmy", "aiomysql", "mysql"}
