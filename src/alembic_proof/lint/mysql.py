"""What production would notice of each statement on MariaDB or MySQL: what the server refuses to do in a mild way."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Connection

from .observer import Finding, Observer, Statement, query

_ALTERS = re.compile(r"\s*(ALTER TABLE|(?P<index>CREATE (\w+ )?INDEX) \S+ ON) (?P<table>`[^`]+`|\w+)", re.IGNORECASE)
_NOT_SUPPORTED = {1845, 1846}  # ER_ALTER_OPERATION_NOT_SUPPORTED, and the same with a reason


class MySQL(Observer):
    """Requests of the server to do each ALTER TABLE and new index instantly, or else while others write.

    What it refuses copies the table, or locks it.
    """

    dialects = ("mysql", "mariadb")

    def tables(self, connection: Connection) -> set[str]:
        """Return the names of the tables in the database."""
        return {name for (name,) in query(connection, "SHOW TABLES")}

    def before(self, connection: Connection, statement: Statement, parameters: Any) -> str:
        """Execute the statement in the mildest way that the server accepts; else report it, and let it run."""
        altering = _ALTERS.match(statement.sql)
        table = altering["table"].strip("`") if altering else ""
        if not altering or table not in statement.existing:
            return statement.sql
        comma = " " if altering["index"] else ", "
        for clause in ("ALGORITHM=INSTANT", f"ALGORITHM=INPLACE{comma}LOCK=NONE"):
            try:
                query(connection, statement.sql + comma + clause, parameters)
                return "DO 0"
            except connection.dialect.loaded_dbapi.Error as error:
                code, text = [*error.args, ""][:2]
                if code not in _NOT_SUPPORTED:  # the statement is wrong: let the server say so
                    return statement.sql
        verb = "copies" if "COPY" in text else "locks"
        reason = text.partition("Reason: ")[2].partition(". Try")[0] or "not supported for this operation"
        message = f"{verb} {table}; meanwhile nobody can write {table} (the server says: {reason})"
        instead = "pt-online-schema-change or gh-ost, which copy a table while others write; or a quiet hour"
        statement.findings.append(Finding(message, [table], instead))
        return statement.sql
