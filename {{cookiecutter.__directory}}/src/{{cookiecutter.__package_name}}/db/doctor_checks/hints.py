"""What an error of Alembic, SQLAlchemy or a database means, and what to do."""

from __future__ import annotations

import re
import traceback

# What an error of Alembic, SQLAlchemy or a database means. The first pattern that is in its text tells the fix.
HINTS = {
    r"has no attribute '_ARRAY|No module named 'greenlet'|requires that the Python 'greenlet'":
        "pip install 'sqlalchemy[asyncio]', and name it in the dependencies",
    r"greenlet_spawn has not been called": "env.py is synchronous: give it a synchronous driver (psycopg, pymysql), or "
        "make it with alembic init -t async",
    r"asyncio extension requires an async driver": "env.py is asynchronous: give it an asynchronous driver (asyncpg, "
        "aiosqlite), or a synchronous env.py",
    r"cannot be called from a running event loop": "run the migration in a thread: await asyncio.to_thread(...)",
    r"'(file_template|\w+_locations?|\w+_path)'.*interpolation|bad interpolation variable|"
    r"^'(year|month|day|hour|minute|second|rev|slug|epoch)'$":
        "in alembic.ini and in [tool.alembic] a % is written twice: %%(year)d",
    r"interpolation|'%' must be followed by": "do not pass the URL through the ini: create_engine(url)",
    r"sqlalchemy.dialects:postgres\b": "write postgresql:// instead of postgres://",
    r"sqlalchemy.dialects:driver\b|Could not parse SQLAlchemy URL|Expected string or URL object|"
    r"option values must be strings|^'url'$|^'\w*(URL|URI|DSN)'$|base 10: 'None'": "the URL is missing: set "
        "DATABASE_URL, or whatever names it here (sqlalchemy.url is read from alembic.ini only)",
    r"password authentication failed": "look at the URL; str(url) masks the password: render_as_string("
        "hide_password=False)",
    r"No 'script_location' key": "run alembic where alembic.ini is, or name it with -c",
    r"^'(loggers|handlers|formatters|(logger|handler|formatter)_\w+)'$|\.ini (doesn't exist|is invalid|is an empty)":
        "give the ini the logging sections of alembic init, or let env.py not call fileConfig()",
    r"Can't locate revision": "restore the revision's file, or check out the branch that has it",
    r"Multiple head revisions": "alembic merge heads -m 'merge'",
    r"NotNullViolation|contains null values|NOT NULL column with default value NULL|NOT NULL constraint failed|"
    r"cannot be null|Invalid use of NULL": "add the column with nullable=True, fill it with op.execute(), then set "
        "nullable=False",
    r"Data truncated for column|invalid input syntax for type|Truncated incorrect|Data too long|value too long for "
    r"type (?!character varying\(32\))|CheckViolation|CHECK constraint failed|CONSTRAINT `\w+` failed|"
    r"ForeignKeyViolation|a child row: a foreign key|would refer to missing rows":
        "rows are there that this does not allow: change or delete them first with op.execute()",
    r"pg_type_typname_nsp_index|expected to match one row": "another process migrated at the same time: run it again",
    r"UniqueViolation|UNIQUE constraint failed|Duplicate entry": "remove the duplicates with op.execute() first",
    r"cannot be cast automatically": "op.alter_column(..., postgresql_using='column::type')",
    r"type \"?\w+\"? already exists": "drop the type with the last table that uses it, in downgrade() too: "
        "op.execute('DROP TYPE name')",
    r"type \"?\w+\"? does not exist": "create the type first: sa.Enum(..., name='name').create(op.get_bind())",
    r"Constraint must have a name|it has no name": "name it, or give the metadata a naming_convention",
    r"No support for ALTER of constraints in SQLite|near \"(ALTER|DROP|MODIFY)\"": "on SQLite: with "
        "op.batch_alter_table(...), which render_as_batch=True writes",
    r"prepared statement \S+ already exists": "give migrations the server's own address, not a pooler's",
    r"already exists|(?i:duplicate (column|key) name)": "it is made twice: take it out of one revision; or, if "
        "something other than revisions made it, remove it, or stamp",
    r"value too long for type character varying\(32\)": "shorten the revision id to 32 characters",
    r"cannot run inside a transaction block|cannot VACUUM": "put it into a block of its own: "
        "with op.get_context().autocommit_block()",
    r"assert self\._transaction is not None": "a statement before context.configure() has begun a transaction: commit "
        "it there",
    r"unsafe use of new value": "use the new label in a revision of its own, after the one that adds it",
    r"'autogenerate'$": "a process_revision_directives hook fails without cmd_opts.autogenerate:"
        " getattr(config.cmd_opts, 'autogenerate', False)",
    r"generated_revisions\[-1\]": "a process_revision_directives hook empties the list, also for alembic check: let it "
        "do so only if getattr(config.cmd_opts, 'autogenerate', False)",
    r"operator does not exist: json": "make the column JSONB, or leave its default out of compare_server_default",
    r"name '\w+' is not defined|has no attribute 'types'": "import it there",
    r"'NoneType' object has no attribute '(fetch|scalar|all|first|one)": "offline there are no rows: ask "
        "context.is_offline_mode() first",
    r"cannot insert multiple commands|only execute one statement at a time": "one statement for each op.execute()",
    r"syntax error at or near \"\$1\"|data type of parameter \$1|parameters are not allowed in":
        "DDL takes no bind parameters: write the value into the statement",
    r"value is required for bind parameter": "op.execute() takes :name for a parameter: write \\\\: for a colon",
    r"schema \"?\w+\"? does not exist": "create the schema, and commit, before context.configure()",
    r"including %\(constraint_name\)s token requires": "give the CheckConstraint a name",
    r"database is locked|lock timeout|Lock wait timeout": "somebody else uses the table, or the revision opens a "
        "connection of its own: use op.get_bind()",
    r"(relation|table) \"?\w+\"? does not exist|no such (table|column)|Unknown (table|column)|Table '\S+' doesn't "
    r"exist|check that it exists":
        "let a revision before this one create it; in a cycle of foreign keys, use_alter=True",
    r"did not commit": "leave commits to Alembic, and no transaction open before context.configure()",
    r"No module named|cannot import name": "install the project (pip install -e .), or set prepend_sys_path in the ini",
}  # fmt: skip


def hint(error: BaseException) -> str:
    """Return what to do about an error, as far as its text, or the line that raised it, tells."""
    line = "".join(str(frame.line) for frame in traceback.extract_tb(error.__traceback__)[-1:])
    text = f"{error}\n{line}"
    return next((fix for pattern, fix in HINTS.items() if re.search(pattern, text, re.MULTILINE)), "correct it")
