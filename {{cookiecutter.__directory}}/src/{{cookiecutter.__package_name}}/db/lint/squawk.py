"""What squawk, a linter of PostgreSQL's SQL, finds in the statements of the revisions."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from .watch import Finding, Statement

# Of its rules those about what measuring does not see: what production feels, and the safe way. The others are about
# locks, which are measured, with fewer false alarms; about timeouts, which db/connection.py sets; about drops, for
# which "# destroys data" answers; or about taste.
_OLD_NAME = "the application that is still running uses the old name, and fails"
RULES = {
    "renaming-column": (
        _OLD_NAME,
        "a second column, which the application writes beside the old one until nothing uses that",
    ),
    "renaming-table": (_OLD_NAME, "a view of the old name in the same revision, until nothing uses it"),
    "adding-required-field": (
        "this fails if the table has rows, and so does an application that does not fill the column",
        "the column as nullable; fill it, and then set NOT NULL",
    ),
    "ban-truncate-cascade": ("this empties every table that refers to it as well", "each table by its name"),
}


def ask_squawk(statements: list[Statement]) -> str:
    """Add what squawk finds in the statements that alter a table which was there; return why not, or nothing."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    squawk = shutil.which("squawk", path=path)
    if squawk is None:
        return "whether anything is renamed was not looked at: install squawk-cli (pip install squawk-cli)"
    altering = [(one, found["table"]) for one in statements if (found := _ALTERS.match(one.sql))]
    asked = {f"{number}.sql": pair for number, pair in enumerate(altering) if pair[1].strip('"') in pair[0].there}
    if not asked:
        return ""
    with tempfile.TemporaryDirectory() as directory:
        for name, (statement, _) in asked.items():
            Path(directory, name).write_text(statement.sql, encoding="utf-8")
        run = subprocess.run(
            [squawk, "--reporter", "json", *asked], cwd=directory, capture_output=True, encoding="utf-8"
        )
    try:
        violations = json.loads(run.stdout)
    except ValueError:
        return f"squawk fails: {(run.stderr or run.stdout).strip()[:200]}"
    for violation in violations:
        rule, (statement, table) = violation["rule_name"], asked[Path(violation["file"]).name]
        if rule in RULES:
            what, instead = RULES[rule]
            statement.findings.append(Finding(what, [table.strip('"')], instead, "breaks"))
    return ""


_ALTERS = re.compile(r"\s*(?:ALTER TABLE|TRUNCATE)(?: TABLE| IF EXISTS| ONLY)* (?P<table>[^\s,;]+)", re.IGNORECASE)
