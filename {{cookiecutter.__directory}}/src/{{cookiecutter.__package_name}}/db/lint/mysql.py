"""What production would feel of each statement on MariaDB or MySQL: what the server refuses to do without it."""

import re
from typing import Any

from sqlalchemy import Connection

from .watch import Finding, Statement, Watch, ask


class MySQL(Watch):
    """Asks the server for each ALTER TABLE and new index to do it at once, or else while others write.

    What it refuses copies the table, or locks it.
    """

    def tables(self, connection: Connection) -> set[str]:
        """Return the names of the tables in the database."""
        return {name for (name,) in ask(connection, "SHOW TABLES")}

    def before(self, connection: Connection, statement: Statement, parameters: Any) -> str:
        """Carry out the statement in the mildest way that the server agrees to; else find something, and let it run."""
        found = _ALTERS.match(statement.sql)
        table = found["table"].strip("`") if found else ""
        if not found or table not in statement.there:
            return statement.sql
        comma = " " if found["index"] else ", "
        for mildly in ("ALGORITHM=INSTANT", f"ALGORITHM=INPLACE{comma}LOCK=NONE"):
            try:
                ask(connection, statement.sql + comma + mildly, parameters)
                return "DO 0"
            except connection.dialect.loaded_dbapi.Error as error:
                code, text = [*error.args, ""][:2]
                if code not in _REFUSED:  # its own fault: let the server say so
                    return statement.sql
        copies = "copies" if "COPY" in text else "locks"
        reason = text.partition("Reason: ")[2].partition(". Try")[0] or "not supported for this operation"
        what = f"{copies} {table}; meanwhile nobody can write {table} (the server says: {reason})"
        instead = "pt-online-schema-change or gh-ost, which copy a table while others write; or a quiet hour"
        statement.findings.append(Finding(what, [table], instead))
        return statement.sql


_ALTERS = re.compile(r"\s*(ALTER TABLE|(?P<index>CREATE (\w+ )?INDEX) \S+ ON) (?P<table>`[^`]+`|\w+)", re.IGNORECASE)
_REFUSED = {1845, 1846}  # such an ALGORITHM or LOCK is not supported
