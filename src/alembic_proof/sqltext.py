"""SQL as text: names, literals, percent signs, colons; and whether two pieces of it are the same by their tokens."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from sqlalchemy import Dialect


def full_name(table: str, schema: str | None) -> str:
    """Return the name of a table with its schema, if it has one."""
    return f"{schema}.{table}" if schema else table


def quote_literal(value: Any) -> str:
    """Return a value as a string literal of SQL."""
    return "'{}'".format(str(value).replace("'", "''"))


def single_percents(sql: str, dialect: Dialect) -> str:
    """Return compiled SQL as a revision writes it: for some drivers, SQLAlchemy has doubled its percent signs."""
    return sql.replace("%%", "%") if dialect.paramstyle in ("format", "pyformat") else sql


def escape_colons(sql: str) -> str:
    """Return SQL for op.execute() or sa.text(), which then take nothing in it for a parameter."""
    return re.sub(r"(?<![:\w\\]):(?=\w)", r"\\:", sql)


def one_line(sql: str) -> str:
    """Return SQL on one line, without double quotes; what is in single quotes stays as it is."""
    return re.sub(r"""('(?:[^']|'')*')|(\s+)|\"""", lambda match: match[1] or (" " if match[2] else ""), sql).strip()


# What SQL is made of: blanks and comments, strings, quoted names, words and numbers, and the rest sign by sign.
_TOKENS = r"""
    (?P<blank>\s+|{comment}[^\n]*|/\*.*?\*/)
  | (?P<string>[EeNn]?(?:{string}))
  | (?P<name>{name})
  | (?P<word>[\w$]+)
  | (?P<sign>::|!=|<>|==|.)
"""
_STANDARD = {
    "comment": "--",
    "string": r"'(?:[^']|'')*'|(?P<tag>\$(?:[A-Za-z_]\w*)?\$).*?(?P=tag)",
    "name": r'"(?:[^"]|"")*"',
}
_PATTERNS = {
    dialect: re.compile(_TOKENS.format(**_STANDARD | own), re.VERBOSE | re.DOTALL)
    for dialect, own in {
        "": {},
        "sqlite": {"name": r'"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]'},
        "mysql": {
            "comment": r"(?:--(?=\s|$)|\#)",
            "string": r"""(?:'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")""",
            "name": r"`(?:[^`]|``)*`",
        },
    }.items()
}
# Everywhere, and on MariaDB and MySQL, which write the first as the second.
_SAME = {"!=": "<>", "==": "="}
_NOW = ("now", "localtime", "localtimestamp")
_SAME_ON_MYSQL = {**_SAME, "true": "1", "false": "0", "%": "mod", **dict.fromkeys(_NOW, "current_timestamp")}
_ESCAPES = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a", "%": r"\%", "_": r"\_"}
# After one of these words, parentheses are no arguments.
_BEFORE_GROUPS = re.compile("and|or|not|when|then|else|like|is|between|check|where|as|on|default")
_TYPE_WORDS = ("varying", "precision", "with", "without", "time", "zone")
_NUMBER_TYPES = ("numeric", "smallint", "integer", "bigint", "real", "double")


def same_sql(sql: str, other: str, dialect: str = "", casts: bool = True) -> bool:
    """Tell whether two pieces of SQL are the same token by token.

    Blanks, quotes of names, the case of words, and parentheses around a single name, literal or other parentheses, or
    around the whole, make no difference. Without casts, neither do those of PostgreSQL. It cannot tell that two
    different expressions mean the same.
    """
    return tokens(sql, dialect, casts) == tokens(other, dialect, casts)


def between_parentheses(sql: str) -> list[str]:
    """Return what stands between the first parenthesis and that which closes it, split at its commas."""
    parts, depth, begin = [], 0, 0
    for match in _PATTERNS[""].finditer(sql):
        depth += (match[0] in ("(", "[")) - (match[0] in (")", "]"))
        if match[0] == "(" and depth == 1:
            begin = match.end()
        elif (match[0] == "," and depth == 1) or (match[0] == ")" and not depth):
            parts.append(sql[begin : match.start()].strip())
            begin = match.end()
            if not depth:
                break
    return parts


def tokens(sql: str, dialect: str = "", casts: bool = True, literal_casts: bool = True) -> list[str]:
    """Return what a piece of SQL is made of, without what makes no difference; see same_sql().

    A string begins with a quote and is as its value; names and words are without quotes. The casts of literals can be
    left out alone.
    """
    found = all_tokens(sql, dialect)
    return plain(found if casts and literal_casts else _without_casts(found, others=not casts))


def all_tokens(sql: str, dialect: str = "") -> list[str]:
    """Return what a piece of SQL is made of, with all of its parentheses."""
    kind = _kind(dialect)
    found = [
        _token(str(match.lastgroup), match[0], kind)
        for match in _PATTERNS.get(kind, _PATTERNS[""]).finditer(sql)
        if match.lastgroup != "blank"
    ]
    return [token for number, token in enumerate(found) if not _is_noise(found, number)] if kind == "mysql" else found


class Token(NamedTuple):
    """A part of a piece of SQL as it is written: a string, a quoted name, a word (or number) or a sign."""

    kind: str
    text: str
    value: str  # of a string, and of a name, what is between the quotes
    is_apart: bool  # a blank or a comment stands before it


def lexed(sql: str, dialect: str) -> list[Token]:
    """Return what a piece of SQL is made of, without its comments; what MariaDB and MySQL execute in one is SQL."""
    kind, found, position, is_apart = _kind(dialect), [], 0, False
    pattern = _PATTERNS.get(kind, _PATTERNS[""])
    while match := pattern.match(sql, position):
        group, text, position = str(match.lastgroup), match[0], match.end()
        if group != "blank":
            found.append(Token(group, text, _value(group, text, kind), is_apart))
        elif kind == "mysql" and (executed := re.fullmatch(r"/\*M?!\d*(.*)\*/", text, re.DOTALL)):
            found += lexed(f" {executed[1]}", dialect)
        elif text.startswith("/*") and not kind:
            position = _comment_end(sql, match.start())
        is_apart = group == "blank"
    return found


def _comment_end(sql: str, begin: int) -> int:
    """Return where a comment ends on PostgreSQL, which may have comments in it."""
    depth = 0
    for match in re.compile(r"/\*|\*/").finditer(sql, begin):
        depth += 1 if match[0] == "/*" else -1
        if not depth:
            return match.end()
    return len(sql)


def _value(group: str, text: str, kind: str) -> str:
    if group == "string":
        return _token(group, text, kind).partition("'")[2]
    return text if group != "name" else text[1:-1].replace(text[-1] * 2, text[-1])


def _kind(dialect: str) -> str:
    return {"mariadb": "mysql", "postgresql": ""}.get(dialect, dialect)


def _token(group: str, text: str, kind: str) -> str:
    if group == "string" and text[-1] == "$":
        return "'" + text.split("$", 2)[2].rpartition("$")[0].rpartition("$")[0]
    if group == "string":
        quote = text[-1]
        prefix, _, value = text[:-1].partition(quote)
        value = value.replace(quote * 2, quote)
        if kind == "mysql":
            value = re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), value, flags=re.DOTALL)
        return f"{prefix.lower()}'{value}"
    if group == "name":
        name = text[1:-1] if text[0] == "[" else text[1:-1].replace(text[0] * 2, text[0])
        return name.lower() if kind else name  # only in standard SQL does the case of a quoted name count
    return (_SAME_ON_MYSQL if kind == "mysql" else _SAME).get(text.lower(), text.lower())


def _is_noise(found: list[str], number: int) -> bool:
    """Tell whether MariaDB or MySQL has added a token: the character set of a string, or () after current_timestamp."""
    token, before, after = found[number], found[number - 1 : number], found[number + 1 : number + 2]
    if token.startswith("_utf8"):
        return bool(after) and after[0].startswith("'")
    if token == "(":
        return before == ["current_timestamp"] and after == [")"]
    return token == ")" and before == ["("] and found[number - 2 : number - 1] == ["current_timestamp"]


def _without_casts(found: list[str], others: bool) -> list[str]:
    """Return tokens without PostgreSQL's casts: ``::`` and a type, which may have a schema, a length and dimensions.

    A text that is cast to a number is that number. Those of others than literals are left where that is wanted.
    """
    left: list[str] = []
    number = 0
    while number < len(found):
        if found[number] != "::" or not (others or _ends_with_literal(left)):
            left.append(found[number])
            number += 1
            continue
        is_number = found[number + 1 : number + 2] and found[number + 1] in _NUMBER_TYPES
        if is_number and left and re.fullmatch(r"'-?\d[\d.]*", left[-1]):
            left[-1:] = re.findall(r"\d+|[-.]", left[-1])
        number += 2
        while found[number : number + 1] == ["."]:
            number += 2
        while number < len(found) and (found[number] in _TYPE_WORDS):
            number += 1
        for opening, closing in ("()", "[]"):
            if found[number : number + 1] == [opening] and closing in found[number:]:
                number = found.index(closing, number) + 1
        while number < len(found) and found[number] in _TYPE_WORDS:  # timestamp(3) with time zone
            number += 1
    return left


def _ends_with_literal(found: list[str]) -> bool:
    """Tell whether the last of some tokens is a literal, an ARRAY of them, or one of both in parentheses."""
    last = found[-1] if found else ""
    if last not in (")", "]"):
        return bool(re.match(r"[en]?'|\d|(null|true|false)$", last))
    depth = 0
    for number in range(len(found) - 1, -1, -1):
        depth += (found[number] in (")", "]")) - (found[number] in ("(", "["))
        if not depth:
            break
        if not re.match(r"[en]?'|\d|(null|true|false|array|[-+.,()\[\]])$", found[number]):
            return False
    before = found[number - 1] if number else ""
    return (
        before == "array" if last == "]" else not re.match(r"[\w$]", before) or bool(_BEFORE_GROUPS.fullmatch(before))
    )


def plain(found: list[str]) -> list[str]:
    """Return tokens without parentheses around a single one, other parentheses, or the whole."""
    stack: list[list[list[str]]] = [[]]  # of each group that is open, its parts
    for token in found:
        if token == "(":
            stack.append([])
        elif token == ")" and len(stack) > 1:
            parts = stack.pop()
            before = stack[-1][-1][-1] if stack[-1] else ""
            is_call = bool(re.match(r"[\w$]", before)) and not _BEFORE_GROUPS.fullmatch(before)
            inner = [token for part in parts for token in part]
            is_redundant = len(parts) == 1 and (not is_call or (inner[0] == "(" and not _is_list(inner[1:-1])))
            stack[-1].append(inner if is_redundant else ["(", *inner, ")"])
        else:
            stack[-1].append([token])
    while len(stack) > 1:  # a parenthesis that is not closed
        parts = stack.pop()
        stack[-1].append(["(", *(token for part in parts for token in part)])
    whole = stack[0]
    plain = [token for part in whole for token in part]
    return plain[1:-1] if len(whole) == 1 and plain[:1] == ["("] and plain[-1:] == [")"] else plain


def _is_list(found: list[str]) -> bool:
    """Tell whether tokens are several expressions with commas between them: two in parentheses are a row."""
    depth = 0
    for token in found:
        depth += (token in ("(", "[")) - (token in (")", "]"))
        if token == "," and not depth:
            return True
    return False
