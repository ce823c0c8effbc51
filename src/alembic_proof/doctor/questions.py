"""Three questions: which tables do the models register, which are in the database, and what does Alembic see?"""

from __future__ import annotations

from typing import Any

from ..sandbox import exists, read_only_engine
from ..schema import describe, model_names, own_tables, table_names
from .project import Project


def answers(project: Project) -> dict[str, Any]:
    """Return the tables of the models; of the first live database the URL, tables and revision; and the differences.

    The tables and the differences are None where there is no database yet.
    """
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    from ..url import masked

    tables = list(project.defined) if project.settings.models else list(project.handed_over.values())
    found: dict[str, Any] = {"models": sorted(table.fullname for table in tables)}
    for run, url in project.live()[:1]:
        found["database"] = masked(url)
        if not exists(url):
            return {**found, "tables": None, "revision": [], "differences": None}
        opts: dict[str, Any] = dict(run.context.opts) if run else {"compare_type": True, "compare_server_default": True}
        metadata: Any = opts.get("target_metadata") or (tables[0].metadata if tables else None)
        with read_only_engine(url).connect() as connection:
            context = MigrationContext.configure(connection, opts=opts)
            own = own_tables(context.version_table)
            names = table_names(connection, tables)
            found["models"] = sorted(model_names(connection.dialect, tables))
            found["tables"] = sorted(name for name in names if name.split(".")[-1] not in own)
            found["revision"] = sorted(context.get_current_heads())
            found["differences"] = [describe(item) for item in compare_metadata(context, metadata)] if metadata else []
    return found
