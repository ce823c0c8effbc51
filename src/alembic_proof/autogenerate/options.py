"""What ``context.configure()`` gets."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from typing import Any

from alembic import context as environment
from alembic.util import CommandError
from sqlalchemy import URL, Connection, MetaData, make_url

from .. import ddl, dialects, upstream
from ..errors import SettingsError
from ..migrate import journal
from ..migrate.connection import COMMITS_EACH, planning, project_directory, require_own_program, require_version_table
from ..migrate.data_loss import telling
from ..sandbox.process import outlive_readers
from ..settings import Settings, load
from . import hooks, ownership
from .model_packages import import_packages

_PLUGINS_LOG = logging.getLogger("alembic.runtime.plugins")


def options(
    bind: Connection | URL | str, *, target_metadata: MetaData | Sequence[MetaData], **own: Any
) -> dict[str, Any]:
    """Return the arguments of ``context.configure()`` with which autogenerate is safe; to be called in env.py.

    :param bind: the connection to the database, or its URL in offline mode.
    :param target_metadata: the MetaData of the models, one or several.
    :param own: any other arguments of ``context.configure()``. Hooks (``include_object``, ``include_name``,
        ``render_item``, ``process_revision_directives``, ``on_version_apply``, ``autogenerate_plugins``) are called
        together with ours; ``process_revision_directives`` and ``on_version_apply`` may be one or several. Of the
        others, those given here win; but on SQLite ``render_as_batch`` is always True.
    :return: the arguments, without ``connection`` and ``url``.
    :raises CommandError: if ``[tool.alembic-proof]`` of pyproject.toml is wrong, a package of models is missing, or
        ``version_table`` is not the one that was given to ``connect()`` or ``migrating()``.

    As a side effect it corrects Alembic's Impl classes (see ``alembic_proof.ddl``), and imports the modules of the
    packages that ``models`` in ``[tool.alembic-proof]`` names. The log does not list Alembic's plug-ins and ours any
    more, unless the logging of the project says at which level it wants to have ``alembic.runtime.plugins``.
    """
    if _PLUGINS_LOG.level == logging.NOTSET:  # a line for each, at each comparison
        _PLUGINS_LOG.setLevel(logging.WARNING)
    if upstream.command_line(environment.config) is not None:  # the process is that of the alembic command
        outlive_readers()
        environment.config.stdout = environment.config.stdout or sys.stdout  # of a command without one
    ddl.install()
    settings = _settings()
    import_packages(settings.models)
    several = target_metadata if isinstance(target_metadata, Sequence) else [target_metadata]
    _require_metadata(several)
    spoken = bind.dialect if isinstance(bind, Connection) else make_url(bind).get_dialect()()
    dialect = _dialect(spoken.name)
    ours: dict[str, Any] = {
        "target_metadata": target_metadata,
        "compare_type": True,
        "compare_server_default": True,
        **dialect.configure_options(),
    }
    if environment.config.attributes.get(COMMITS_EACH):
        ours["transaction_per_migration"] = True
    if isinstance(bind, Connection):
        require_version_table(bind, own.get("version_table") or "alembic_version", own.get("version_table_schema"))
        ours["fn"] = planning(bind)
    else:
        require_own_program()
        ours["fn"] = telling()
        # With named parameters, no driver doubles percent signs.
        own["dialect_opts"] = {"paramstyle": "named", **(own.get("dialect_opts") or {})}
    if dialect.name == "postgresql":  # elsewhere a schema is another database
        ours["include_schemas"] = True
        ours_only = ownership.include_name(environment.script, spoken, several)
        own["include_name"] = hooks.both(own.get("include_name"), ours_only)
    if not dialect.transactional_ddl:  # last, as what the others execute belongs to the revision
        own["on_version_apply"] = (*hooks.several(own.get("on_version_apply")), journal.forget)
    if dialect.name == "sqlite":  # which has no other way to alter a table: Flask-Migrate, for one, says False
        own.pop("render_as_batch", None)
    own["include_object"] = hooks.both(own.get("include_object"), ownership.include_object(environment.script, spoken))
    if settings.off or not _only_moves():
        from .pipeline import comparing  # which takes longer to import than a short migration takes

        own |= comparing(settings, own)
    return ours | own


def _require_metadata(several: Sequence[Any]) -> None:
    """Raise CommandError where models are to be compared, and something that is no MetaData was given for them."""
    if _command() not in ("check", "revision"):
        return  # a migration does not need them
    for given in several:
        if given is not None and not isinstance(given, MetaData):
            name = getattr(given, "__name__", f"a {type(given).__name__}")
            has = isinstance(getattr(given, "metadata", None), MetaData)
            write = f"{name}.metadata" if has else "the MetaData of the models"
            raise CommandError(
                f"target_metadata in env.py is {name}, which is no MetaData: give {write}. Nothing was written."
            )


def _only_moves() -> bool:
    """Tell whether the running command is one of Alembic's that neither compares nor writes a revision."""
    return _command() in ("current", "downgrade", "stamp", "upgrade")


def _command() -> str:
    return upstream.command_of(upstream.environment_context().context_opts.get("fn"))


def _settings() -> Settings:
    """Return the settings of the project to which the configuration file belongs."""
    try:
        return load(project_directory(environment.config))
    except SettingsError as error:
        raise CommandError(str(error)) from None


def _dialect(name: str) -> dialects.Dialect:
    try:
        return dialects.get(name)
    except KeyError:
        known = ", ".join(dialects.KNOWN)
        raise CommandError(f"alembic-proof does not know the database {name}; it knows {known}.") from None
