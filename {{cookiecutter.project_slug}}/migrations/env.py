"""What alembic runs for every command: which models, which database, online or offline."""

from logging.config import fileConfig

from alembic import context
from alembic_proof import connect, options

from {{ cookiecutter.__package_name }}.models import Base
from {{ cookiecutter.__package_name }}.settings import database_url

config = context.config

# Only the alembic command sets up logging; a program that runs migrations by itself keeps its own.
if config.cmd_opts is not None and config.config_file_name:
    fileConfig(config.config_file_name, disable_existing_loggers=False)

target_metadata = Base.metadata


def run_migrations_offline() -> None:
    """Print the SQL, without connecting to the database (alembic upgrade head --sql)."""
    url = database_url()
    context.configure(url=url, literal_binds=True, **options(url, target_metadata=target_metadata))
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online() -> None:
    """Run the migrations on the database. One process migrates it at a time; others wait."""
    with connect(config, database_url) as connection:
        context.configure(connection=connection, **options(connection, target_metadata=target_metadata))
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
