"""Of each check, an example of what it finds, and since which version it exists: for --explain and docs/checks.md."""

from __future__ import annotations

from typing import NamedTuple


class Example(NamedTuple):
    """A finding as the report has it: where, what, and the fix; and since which version the check exists."""

    where: str
    message: str
    fix: str
    since: str = "1.0"


_ENV = "migrations/env.py"
_VERSIONS = "migrations/versions"
_LIVE = "database postgresql+psycopg://shop@db/shop"

EXAMPLES: dict[str, Example] = {
    "alembic-uses-this-configuration": Example(
        "alembic.ini",
        "ALEMBIC_CONFIG in the environment leads alembic to /srv/orders/alembic.ini, not to this file",
        "unset ALEMBIC_CONFIG",
        "1.1",
    ),
    "libraries-are-not-hidden": Example(
        "sqlalchemy.py",
        "it has the name of the library sqlalchemy: import sqlalchemy finds this file",
        "rename sqlalchemy.py",
        "1.1",
    ),
    "files-parse": Example(
        f"{_VERSIONS}/a1_first.py:12",
        "it cannot be read as Python 3.12: invalid syntax",
        "mend the line; if it is right in a newer Python than 3.12, give the doctor that one: --python PATH",
    ),
    "ini-leads-to-scripts": Example(
        "alembic.ini",
        "it has no script_location",
        "give it a section [alembic] with script_location = %(here)s/migrations",
    ),
    "scripts-are-whole": Example(
        _VERSIONS,
        "it is missing or empty",
        "make the directory, with a .gitkeep: git keeps no empty directories",
        "1.1",
    ),
    "ini-has-its-logging": Example("alembic.ini", "it has no section [handlers]", "restore it from version control"),
    "options-have-one-meaning": Example(
        "alembic.ini",
        "script_location is set here and differently in pyproject.toml: this one is used",
        "delete one of them",
    ),
    "library-settings-are-valid": Example(
        "pyproject.toml",
        "[tool.alembic-proof] has no key databse-variable. Did you mean database-variable?",
        "correct the section",
    ),
    "library-pin-agrees": Example(
        "pyproject.toml",
        "the versions of alembic-proof differ: 1.0.0+h1 pinned, 1.1.0+h2 in [tool.uv.sources], 1.1.0+h2 in vendor/",
        "alembic-proof vendor PATH, with the path of its clone",
    ),
    "no-url-in-ini": Example(
        "alembic.ini",
        "sqlalchemy.url is set, but the application reads DATABASE_URL: they will name two databases",
        "delete the line, and put the URL into .env as DATABASE_URL",
    ),
    "no-password-in-ini": Example(
        "alembic.ini:5",
        "a URL with a password is committed here",
        "let env.py take the URL from the environment, and change the password",
        "1.1",
    ),
    "env-runs-migrations": Example(
        f"{_ENV}:41",
        "context.run_migrations() is never reached online: every alembic command succeeds and does nothing",
        "call what runs the migrations, in a line that is not indented: run_migrations_online()",
    ),
    "no-table-outside-migrations": Example(
        "shop/main.py:14",
        "create_all() changes tables without Alembic, and autogenerate then sees no difference",
        "delete the call; run: alembic upgrade head",
    ),
    "versions-hold-revisions": Example(
        f"{_VERSIONS}/helpers.py",
        "it lies among the revisions and is none: it assigns nothing to revision, and every command ends here",
        "move it to another directory, such as migrations/helpers.py",
        "1.1",
    ),
    "revisions-form-one-line": Example(
        f"{_VERSIONS}/c3_stock.py",
        "there are 2 heads, b2 and c3: alembic upgrade head will refuse to choose",
        "alembic merge heads -m 'merge'",
    ),
    "revisions-keep-data": Example(
        f"{_VERSIONS}/b2_names.py:11",
        "it drops name and adds full_name: the data of name is lost",
        "if that is a rename: op.alter_column('author', 'name', new_column_name='full_name'); if not, end the line "
        "with the comment: # destroys data",
    ),
    "env-reaches-run-migrations": Example(
        "shop/models.py:3",
        "ImportError: cannot import name 'Bse' from 'shop.db'",
        "the module shop.db is found in shop/db.py, and Bse is not in it: did you mean Base?",
    ),
    "code-that-runs-is-the-projects": Example(
        "src/shop",
        "import shop finds the copy in .venv/lib/python3.12/site-packages/shop: what is edited in src/shop is not what "
        "runs",
        "pip install -e .  (in place of the copy)",
        "1.1",
    ),
    "database-outlives-the-command": Example(
        _ENV,
        "it leads to an SQLite database in memory, which ends with each command",
        "name a file: sqlite:///app.db",
        "1.1",
    ),
    "options-of-configure-exist": Example(
        f"{_ENV}:33",
        "context.configure() does not know render_as_batches, and passes over it",
        "write render_as_batch=",
        "1.1",
    ),
    "errors-come-out": Example(
        f"{_ENV}:45",
        "when a migration fails, it catches the error and goes on, and alembic exits with 0",
        "let the error out: end the except block with raise",
        "1.1",
    ),
    "migrations-end-before-env-does": Example(
        f"{_ENV}:51",
        "in a running event loop it only schedules the migration: whoever runs it goes on before it has begun",
        "let env.py run it with asyncio.run(), and the program: await asyncio.to_thread(command.upgrade, ...)",
        "1.1",
    ),
    "env-uses-database-url": Example(
        _ENV,
        "with DATABASE_URL naming another database, it connects to sqlite: /srv/shop/old.db",
        "connect to what DATABASE_URL names: with connect(config, database_url) as connection:",
    ),
    "application-uses-the-same-database": Example(
        "shop/db.py:4",
        "the application's engine leads to postgresql: shop at db:5432, but env.py migrates sqlite: /srv/shop/app.db",
        "let both take the URL from one place",
    ),
    "env-leaves-logging-alone": Example(
        _ENV,
        "run by a program, it disables the existing loggers",
        "if config.cmd_opts is not None: fileConfig(config.config_file_name, disable_existing_loggers=False)",
    ),
    "modules-are-loaded-once": Example(
        "migrations/env.py:13",
        "src/shop/models.py is loaded twice, as shop.models and src.shop.models: what it defines exists twice, its "
        "Base too",
        "import it under one name everywhere: shop.models, not src.shop.models",
        "1.1",
    ),
    "modules-are-imported-in-any-order": Example(
        "shop/models/book.py:3",
        "shop/app.py imports shop.prices first, and not as env.py does: cannot import name 'Money' from partially "
        "initialized module 'shop.prices' (most likely due to a circular import)",
        "import it in the function that needs it, or move what both need",
        "1.2",
    ),
    "metadata-is-the-models": Example(
        "shop/models/stock.py:8",
        "the model Stock is in a module that env.py does not import: no migration creates its table",
        "let env.py import it: import shop.models.coupon",
    ),
    "hooks-give-answers": Example(
        f"{_ENV}:12",
        "include_object returns None for a column and an index: autogenerate leaves it out",
        "return True at the end of the function",
        "1.1",
    ),
    "template-writes-revisions": Example(
        "migrations/script.py.mako:20",
        "it does not write upgrades, what autogenerate found: each new revision is empty",
        'in upgrade(), in place of what is there: ${upgrades if upgrades else "pass"}',
        "1.1",
    ),
    "every-revision-is-loaded": Example(
        f"{_VERSIONS}/2026/b2_stock.py",
        "it looks like a revision, but Alembic does not load it: its upgrade() never runs",
        f"move it to {_VERSIONS}/x.py, or name its directory in version_locations",
    ),
    "revisions-are-self-contained": Example(
        f"{_VERSIONS}/b2_stock.py:9",
        "it uses shop.models.Stock as it is today, not as it was when the revision was written",
        "describe what it needs: sa.table('name', sa.column('id'), ...)",
    ),
    "constraints-have-names": Example(
        _ENV,
        "a UniqueConstraint of stock (code) has no name",
        "let the naming_convention of its metadata have a name for this kind of constraint",
    ),
    "keys-lead-to-tables": Example(
        "shop/models/order.py:18",
        "Foreign key associated with column 'orders.user_id' could not find table 'user' with which to generate a "
        "foreign key to target column 'id'",
        "did you mean users.id? If user is right, let env.py import the module that defines it",
        "1.1",
    ),
    "names-are-unique": Example(
        "shop/models/order.py:25",
        "orders and users both have ix_created, which the database has once in a schema",
        "name it for its table: ix_orders_created",
        "1.1",
    ),
    "mappers-are-complete": Example(
        "shop/models/order.py:19",
        "the first query will fail: When initializing mapper Mapper[Order(orders)], expression 'Custmer' failed to "
        "locate a name ('Custmer').",
        "did you mean Customer?",
        "1.1",
    ),
    "enum-types-lie-beside-their-tables": Example(
        _ENV,
        "the type mood of shop.author is created in the default schema",
        "Enum(..., schema='shop'), or give the MetaData the schema",
    ),
    "checks-of-columns-have-no-names": Example(
        _ENV,
        "stock.amount has the CHECK positive inside of the column, where MariaDB takes no name",
        "move it to __table_args__: CheckConstraint(..., name=...)",
        "1.1",
    ),
    "migrations-take-turns": Example(
        _ENV,
        "a second migration of the same database would run at the same time",
        "with connect(config, database_url) as connection: or, with a connection of its own, migrating(connection)",
    ),
    "rebuilding-keeps-rows": Example(
        _ENV,
        "foreign keys are enforced while tables are rebuilt: rows of line are deleted with the old table",
        "PRAGMA foreign_keys=OFF on the migration's connection",
    ),
    "importing-makes-no-table": Example(
        _ENV,
        "running it makes the tables author, book at once: something that it imports creates them",
        "let only migrations create tables",
    ),
    "autogenerate-sees-every-table": Example(
        _ENV,
        "on an empty database autogenerate does not propose the tables stock",
        "check its include_object, autogenerate_plugins, version_table",
    ),
    "autogenerate-compares-everything": Example(
        _ENV,
        "it does not see a difference of the kind modify_default",
        "among the options: compare_server_default=True",
    ),
    "offline-prints-sql": Example(
        _ENV,
        "the SQL printed offline does not create author, book",
        "call context.run_migrations() in run_migrations_offline()",
    ),
    "revisions-leave-transactions-alone": Example(
        f"{_VERSIONS}/b2_stock.py:14",
        "it commits or rolls back by itself: what follows is rolled back, with exit code 0",
        "delete it; statements that must run outside of a transaction: with op.get_context().autocommit_block():",
    ),
    "upgrade-is-committed": Example(
        f"{_ENV}:36",
        "run_migrations() is called in no transaction: alembic upgrade succeeded, but the database is at no revision",
        "with context.begin_transaction():",
    ),
    "models-match-revisions": Example(
        _VERSIONS,
        "no revision has this yet: add_column stock.amount",
        'alembic revision --autogenerate -m "what changed", read it, alembic upgrade head',
    ),
    "schema-matches-models": Example(
        _VERSIONS,
        "stock constraint positive: the models describe CHECK (amount > 0); the revisions build CHECK (amount >= 0)",
        "autogenerate does not see it: write it into a revision by hand, or into the model if the revisions are right",
    ),
    "downgrade-leaves-nothing": Example(
        _VERSIONS,
        "alembic downgrade base leaves type mood behind",
        "let downgrade() undo all that its upgrade() does\nop.execute('DROP TYPE mood')",
    ),
    "same-database-from-everywhere": Example(
        _ENV,
        "from here it leads to sqlite: /srv/shop/app.db, from another working directory to sqlite: /tmp/app.db",
        "make the path absolute, starting from the file that reads it",
    ),
    "dotenv-is-in-force": Example(
        ".env",
        "DATABASE_URL is exported, and names another database than this file: the exported one is used",
        "if it is not meant so: unset DATABASE_URL",
    ),
    "live-revision-is-known": Example(
        _LIVE,
        "it is at revision c3, of which there is no file",
        "restore the file, or check out the branch that has it",
    ),
    "no-migration-is-unfinished": Example(
        "database mysql+pymysql://shop@db/shop",
        "a migration was interrupted. The upgrade of revision c3 is unfinished: its first 2 statements stay (the table "
        "alembic_unfinished has the notes of it)",
        "run `alembic upgrade c3`, which goes on from there",
        "1.1",
    ),
    "applied-revisions-are-unedited": Example(
        f"{_VERSIONS}/a1_first.py",
        "it has been edited since it was committed, and this database is past it",
        "restore it, and write the change as a new revision",
    ),
    "live-matches-its-revisions": Example(
        _LIVE,
        "its revisions make the table stock, it has none",
        "if a revision was edited after it was applied, restore it; what was changed by hand, write as a new revision",
    ),
    "live-enums-have-their-labels": Example(
        _LIVE,
        "the type mood has no label 'sad'",
        """in a revision: op.execute("ALTER TYPE mood ADD VALUE 'sad'")""",
    ),
    "live-indexes-are-valid": Example(
        _LIVE,
        "the index ix_stock_code of stock is INVALID: it costs, and serves no query",
        "DROP INDEX CONCURRENTLY ix_stock_code; then make it again, in an autocommit_block()",
    ),
    "live-tables-have-owners": Example(
        _LIVE,
        "in no model, and made by no revision: legacy_orders",
        "nothing, if they belong to another application",
    ),
}
