"""Whether an expression of SQL can be evaluated without any effect, to see what it gives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from ...dialects.sqlite_tables import Token, tokens_of

# What may stand before a parenthesis: functions that do nothing but compute, types, and words of SQL. Of another
# function nobody knows whether it counts something up, or gives another value each time.
_COMPUTES = re.compile(
    r"""
      abs|ceil|ceiling|floor|greatest|least|max|min|mod|round
    | coalesce|if|ifnull|iif|nullif
    | char_length|character_length|concat|concat_ws|hex|instr|left|length|lower|lpad|ltrim|md5|octet_length|position
    | printf|replace|reverse|right|rpad|rtrim|split_part|substr|substring|to_char|trim|upper
    | cast|convert|date|extract|json_extract|json_unquote|strftime
    | binary|bigint|char|decimal|integer|numeric|time|timestamp|varchar|varying
    | and|as|between|case|else|from|in|is|like|not|on|or|select|then|using|values|when|where
    """,
    re.VERBOSE | re.IGNORECASE,
)
# Of a sequence of MariaDB: NEXT VALUE FOR.
_COUNTS = frozenset({"NEXT", "PREVIOUS"})


def only_computes(kind: str, sql: str) -> bool:
    """Tell whether an expression is sure to change nothing when it is evaluated, and to give what it will give then."""
    tokens = list(sql_tokens(kind, sql))
    if any(token.keyword in _COUNTS or token.text == "@" for token in tokens):  # @ is a variable
        return False
    called = (token for token, after in pairwise(tokens) if after.text == "(" and token.kind in ("word", "quoted"))
    return all(_COMPUTES.fullmatch(token.text) for token in called)


def sql_tokens(kind: str, sql: str) -> Iterator[Token]:
    """Yield the tokens of an expression; only on SQLite is a name what stands in brackets."""
    return tokens_of(sql if kind == "sqlite" else sql.translate(str.maketrans("[]", "()")))
