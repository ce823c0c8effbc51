"""What squawk, a linter for PostgreSQL's SQL, finds in the statements of the revisions."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from .observer import Finding, Statement

# Of its rules, those about what measuring does not see: what production notices, and the safe way. The others are about
# locks, which are measured, with fewer false alarms; about time-outs, which migrations set; about drops, for which
# "# destroys data" is the answer; or about taste.
_OLD_NAME = "the application that is still running uses the old name, and fails"
RULES = {
    "renaming-column": (
        _OLD_NAME,
        "a second column, which the application writes together with the old one until nothing uses the old one",
    ),
    "renaming-table": (_OLD_NAME, "a view with the old name in the same revision, until nothing uses it"),
    "adding-required-field": (
        "this fails if the table has rows, and so does an application that does not fill the column",
        "the column as nullable; fill it, and then set NOT NULL",
    ),
    "ban-truncate-cascade": ("this empties every table that refers to it as well", "each table by its name"),
}

_ALTERS = re.compile(r"\s*(?:ALTER TABLE|TRUNCATE)(?: TABLE| IF EXISTS| ONLY)* (?P<table>[^\s,;]+)", re.IGNORECASE)


def run_squawk(statements: list[Statement]) -> str:
    """Add what squawk finds in the statements that alter existing tables.

    Returns why it could not be run; an empty string if it was.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    squawk = shutil.which("squawk", path=path)
    if squawk is None:
        return "renames were not looked for: install squawk-cli (pip install squawk-cli)"
    altering = [(statement, match["table"]) for statement in statements if (match := _ALTERS.match(statement.sql))]
    files = {f"{n}.sql": pair for n, pair in enumerate(altering) if pair[1].strip('"') in pair[0].existing}
    if not files:
        return ""
    with tempfile.TemporaryDirectory() as directory:
        for name, (statement, _) in files.items():
            Path(directory, name).write_text(statement.sql, encoding="utf-8")
        run = subprocess.run(
            [squawk, "--reporter", "json", *files], cwd=directory, capture_output=True, encoding="utf-8"
        )
    try:
        violations = json.loads(run.stdout)
    except ValueError:
        return f"squawk fails: {(run.stderr or run.stdout).strip()[:200]}"
    for violation in violations:
        rule, (statement, table) = violation["rule_name"], files[Path(violation["file"]).name]
        if rule in RULES:
            message, instead = RULES[rule]
            statement.findings.append(Finding(message, [table.strip('"')], instead, "breaks"))
    return ""
