"""What alembic runs for every command: which models, which database, online or offline."""

from logging.config import fileConfig
from typing import Any

from alembic import context

from {{ cookiecutter.__package_name }}.db import autogenerate, connection, downgrade
from {{ cookiecutter.__package_name }}.models import Base

config = context.config

# Only the alembic command sets up logging; a program that runs migrations by itself keeps its own.
if config.cmd_opts is not None and config.config_file_name is not None:
    fileConfig(config.config_file_name, disable_existing_loggers=False)

target_metadata = autogenerate.with_tables(Base.metadata)

options: dict[str, Any] = {
    "target_metadata": target_metadata,
    "compare_type": True,
    "compare_server_default": True,
    "autogenerate_plugins": autogenerate.PLUGINS,
    "include_object": autogenerate.include_object(context.script),
    "render_item": autogenerate.render_item,
    "process_revision_directives": autogenerate.tidy,
}


def run_migrations_offline() -> None:
    """Print the SQL, without connecting to the database (alembic upgrade head --sql)."""
    url = connection.url()
    context.configure(url=url, literal_binds=True, **options, **connection.dialect_options(url.get_backend_name()))
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online() -> None:
    """Run the migrations on the database."""
    with connection.connect(config) as conn:
        dialect = conn.dialect.name
        schemas = autogenerate.include_schemas(context.script, target_metadata, dialect)
        context.configure(connection=conn, **schemas | options, **connection.dialect_options(dialect))
        downgrade.ask()  # before it drops what has rows or values
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
