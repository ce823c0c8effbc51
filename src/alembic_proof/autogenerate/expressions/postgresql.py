"""How PostgreSQL writes two expressions: it rewrites each one that it stores, and nobody else can tell.

It is asked for the plan of a query with both of them, in which it writes them in one way. The query is never executed,
and reads from no table, so nothing is locked and no right is needed.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Dialect, Table, text
from sqlalchemy.exc import DBAPIError

from ...sqltext import all_tokens, escape_colons
from .question import Question, columns_sql, type_sql

_EXPLAIN = "EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) SELECT (%s), (%s) %s"

# Each answer has both texts; one of them where the models' is no expression here; none where neither is.
_BLOCK = """
DO $body$
DECLARE
    question json;
    plan json;
    answers json[];
BEGIN
    FOR question IN SELECT * FROM json_array_elements($questions$QUESTIONS$questions$) LOOP
        BEGIN
            EXECUTE format($$EXPLAIN$$, question ->> 0, question ->> 1, question ->> 2) INTO plan;
            plan := plan #> '{0,Plan,Output}';
        EXCEPTION WHEN OTHERS THEN
            BEGIN
                EXECUTE format($$EXPLAIN$$, question ->> 0, 'NULL', question ->> 2) INTO plan;
                plan := '[""]';
            EXCEPTION WHEN OTHERS THEN
                plan := '[]';
            END;
        END;
        answers := array_append(answers, plan);
    END LOOP;
    PERFORM set_config('alembic_proof.answers', array_to_json(answers)::text, true);
END $body$
""".replace("EXPLAIN", _EXPLAIN)
_ANSWERS = "SELECT current_setting('alembic_proof.answers')"

# What is the same moment in every transaction.
_NOW = {("now", "(", ")"): "current_timestamp", ("transaction_timestamp", "(", ")"): "current_timestamp"}


def ask(connection: Connection, questions: list[Question]) -> list[bool | None]:
    """Return for each question whether PostgreSQL takes both expressions for the same; None where it cannot tell.

    It takes two statements. Constants that the planner computes (``2 * 3`` and ``6``) are the same.
    """
    texts = [_texts(question, connection.dialect) for question in questions]
    try:
        with connection.begin_nested() as savepoint:
            answers = _ask(connection, texts)
            savepoint.rollback()
    except DBAPIError:  # the database has no PL/pgSQL, or the user may not use it
        answers = [_ask_about_one(connection, *each) for each in texts]
    return [_is_same(answer) for answer in answers]


def _texts(question: Question, dialect: Dialect) -> tuple[str, str, str]:
    """Return both expressions, as values of their type, and the FROM of the columns that they may name."""
    old, new = question.reflected, question.model
    type_ = type_sql(question.type, dialect)
    if type_ is not None:
        old, new = (f"CAST({expression} AS {type_})" for expression in (old, new))
    return old, new, "" if question.kind == "default" else _record(question.table, dialect)


def _record(table: Table, dialect: Dialect) -> str:
    """Return a FROM with the columns of a table, and no rows."""
    quote = dialect.identifier_preparer.quote
    columns = ", ".join(f"{quote(name)} {type_}" for name, type_ in columns_sql(table, dialect).items())
    columns = columns.replace("%%", "%") if dialect.paramstyle in ("format", "pyformat") else columns
    return f"FROM json_to_record(NULL) AS {quote(table.name)} ({columns})" if columns else ""


def _ask(connection: Connection, texts: list[tuple[str, str, str]]) -> list[list[str]]:
    questions = json.dumps(texts)  # in which no sign has a meaning for a driver, for SQLAlchemy or for PL/pgSQL
    for sign in "$:%":
        questions = questions.replace(sign, f"\\u{ord(sign):04x}")
    connection.execute(text(escape_colons(_BLOCK.replace("QUESTIONS", questions))))
    answers: list[list[str]] = json.loads(connection.scalar(text(_ANSWERS)) or "[]")
    return answers


def _ask_about_one(connection: Connection, old: str, new: str, source: str) -> list[str]:
    for texts in ((old, new), (old, "NULL")):
        with suppress(DBAPIError), connection.begin_nested():
            plan: Any = connection.scalar(text(escape_colons(_EXPLAIN % (*texts, source))))
            output: list[str] = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]["Output"]
            return output if texts[1] == new else output[:1]
    return []


def _is_same(answer: list[str]) -> bool | None:
    """Return what an answer says: where the models' expression alone means nothing here, it is another one."""
    if not answer:
        return None
    return len(answer) == 2 and (answer[0] == answer[1] or _plain(answer[0]) == _plain(answer[1]))


def _plain(expression: str) -> list[str]:
    found = all_tokens(expression)
    for number in range(len(found) - 2, -1, -1):
        if (name := _NOW.get(tuple(found[number : number + 3]))) is not None:  # type: ignore[arg-type]
            found[number : number + 3] = [name]
    return found
