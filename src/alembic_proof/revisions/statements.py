"""What SQL loses or renames, told by its tokens: comments, quotes, programs and options around it do not hide it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..sqltext import Token, lexed, single_percents
from .reader import UNKNOWN

if TYPE_CHECKING:
    from sqlalchemy import Dialect

_OPEN = (UNKNOWN, "%", "{")  # with one of these in it, it is no name, but what a program puts a name into
_ROUTINES = frozenset({"PROCEDURE", "FUNCTION", "TRIGGER", "EVENT", "PACKAGE"})
# With CASCADE, columns of other tables, or whole tables, go with one of these.
_HOLDERS = frozenset({"SCHEMA", "TYPE", "DOMAIN", "EXTENSION", "COLLATION", "ACCESS"})
_NO_COLUMN = frozenset({"CONSTRAINT", "INDEX", "KEY", "PRIMARY", "FOREIGN", "CHECK", "PARTITION", "PERIOD"})
# In programs, which word ends what begins with one.
_HEADS = {
    **dict.fromkeys(("IF", "ELSEIF", "ELSIF", "WHEN"), ("THEN",)),
    **dict.fromkeys(("WHILE", "FOR"), ("LOOP", "DO")),
}
_SAID = re.compile(r"\b(DROP|TRUNCATE|DELETE|ALTER|RENAME|REPLACE)\b", re.IGNORECASE)
_ALWAYS = frozenset({"TRUE", "1", "=", "(", ")"})  # WHERE 1 = 1


@dataclass(frozen=True)
class Lost:
    """A table, or a column of one, whose rows or values a statement loses; UNKNOWN where only running it would tell.

    With a type, a column that gets it, in SQL, perhaps by an expression (USING). ``is_part`` if only some of them go:
    of a type, those that do not fit, where the statement says not to refuse them.
    """

    table: str
    column: str = ""
    type_: str = ""
    using: str = ""
    is_part: bool = False


@dataclass(frozen=True)
class Renamed:
    """A table, or a column of one, that a statement gives another name."""

    table: str
    column: str
    to: str


SOMETHING = Lost(UNKNOWN)


def sql_text(sql: Any, dialect: Dialect) -> str:
    """Return the text of what a revision executes: a text, or an expression of SQLAlchemy's."""
    from sqlalchemy import TextClause
    from sqlalchemy.exc import SQLAlchemyError

    if isinstance(sql, (str, TextClause)):
        return sql if isinstance(sql, str) else sql.text
    try:
        return single_percents(str(sql.compile(dialect=dialect)), dialect)
    except SQLAlchemyError:
        return ""


def effects(sql: str, dialect: Dialect) -> Iterator[Lost | Renamed]:
    """Yield what statements lose and rename, in their order; also within programs, and in texts that these execute."""
    if not _SAID.search(sql):  # as in most texts, of which some are long
        return
    for statement in _statements(lexed(sql, dialect.name)):
        yield from _Statement(statement, dialect).effects()


def _statements(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Yield statements without their semicolons, up to a routine that is only created: its body does not run."""
    for statement in _split(tokens, ";", nested=True):
        words = [token.text.upper() for token in statement if token.kind == "word"]
        if words[:1] == ["CREATE"] and not _ROUTINES.isdisjoint(words[:10]) and "BEGIN" in words:
            return
        yield statement


def _split(tokens: Sequence[Token], sign: str, nested: bool = False) -> list[list[Token]]:
    """Return the tokens between a sign, where it is not in parentheses, or is anywhere."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        if token.kind == "sign":
            depth += (token.text == "(") - (token.text == ")")
        if token.kind == "sign" and token.text == sign and (nested or not depth):
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _within(tokens: Sequence[Token]) -> Sequence[Token]:
    """Return tokens up to the parenthesis that was open before them."""
    depth = 0
    for number, token in enumerate(tokens):
        depth += (token.text == "(") - (token.text == ")")
        if depth < 0:
            return tokens[:number]
    return tokens


def _joined(tokens: Sequence[Token]) -> str:
    """Return tokens as SQL again."""
    return "".join(f"{' ' * token.is_apart}{token.text}" for token in tokens).strip()


def _words(tokens: Sequence[Token]) -> list[str]:
    """Return the words and signs of tokens that are not in parentheses, in capitals; "" for what is quoted."""
    words, depth = [], 0
    for token in tokens:
        depth -= token.text == ")"
        if not depth:
            words.append(token.text.upper() if token.kind in ("word", "sign") else "")
        depth += token.text == "("
    return words


class _Statement:
    """The tokens of a statement, and how many of them are read."""

    def __init__(self, tokens: Sequence[Token], dialect: Dialect) -> None:
        self.tokens, self.dialect, self.at = tokens, dialect, 0
        self.is_mysql = dialect.name in ("mysql", "mariadb")

    @property
    def rest(self) -> Sequence[Token]:
        return self.tokens[self.at :]

    def word(self, ahead: int = 0) -> str:
        """Return the word or sign that stands next, in capitals; "" for a string, a quoted name, or the end."""
        token = self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else None
        return token.text.upper() if token is not None and token.kind in ("word", "sign") else ""

    def takes(self, *phrases: str) -> str:
        """Read one of several phrases, and return it; "" if none of them stands next."""
        for phrase in phrases:
            words = phrase.split()
            if all(self.word(ahead) == word for ahead, word in enumerate(words)):
                self.at += len(words)
                return phrase
        return ""

    def name(self) -> str:
        """Read a name, perhaps with its schema; UNKNOWN if a part of it is left open."""
        parts: list[str] = []
        begin = self.at
        while self.rest and self.rest[0].kind != "sign":
            parts.append(self.rest[0].value)
            self.at += 1
            if self.word() != "." or self.word(1) == "*":
                break
            self.at += 1
        is_open = not parts or any(sign in part for part in parts for sign in _OPEN)
        if self.rest and self.word() in _OPEN and (self.at == begin or not self.rest[0].is_apart):
            is_open = True
            self.at += 1
            while self.rest and not self.rest[0].is_apart and self.word() not in (",", ")"):
                self.at += 1
        return UNKNOWN if is_open else ".".join(parts)

    def names(self) -> Iterator[str]:
        """Read names with commas between them."""
        yield self.table()
        while self.takes(","):
            yield self.table()

    def table(self) -> str:
        """Read the name of a table, with what may stand around it."""
        closes = self.takes("ONLY (", "ONLY") == "ONLY ("
        name = self.name()
        self.takes(". *", "*")
        if closes:
            self.takes(")")
        return name

    def effects(self) -> Iterator[Lost | Renamed]:
        """Yield what the statement loses and renames."""
        self._enter_block()
        first = self.word()
        self.at += 1
        read = {
            "DROP": self._drop,
            "TRUNCATE": self._truncate,
            "DELETE": self._delete,
            "ALTER": self._alter,
            "RENAME": self._rename_tables,
            "CREATE": self._create,
            "WITH": self._with,
            "DO": self._do,
            "EXECUTE": self._execute,
            "PREPARE": self._execute,
            "SET": self._execute,
        }.get(first)
        if read is not None:
            yield from read()
        elif ": =" in " ".join(_words(self.rest)):  # a program's variable
            yield from self._execute()

    def _enter_block(self) -> None:
        """Pass over what stands in a program before a statement."""
        while True:
            if self.takes("BEGIN NOT ATOMIC", "BEGIN", "ELSE", "LOOP", "REPEAT", "EXCEPTION"):
                continue
            ends = _HEADS.get(self.word(), ())
            words = [token.text.upper() for token in self.rest]
            places = [words.index(end) for end in ends if end in words]
            if not places:
                return
            self.at += min(places) + 1

    def _drop(self) -> Iterator[Lost]:
        kind = self.takes("OWNED BY") or self.word()
        self.at += 1
        if kind in ("TABLE", "TABLES"):
            self.takes("IF EXISTS")
            yield from map(Lost, self.names())
            return
        is_all = kind in ("DATABASE", "OWNED BY") or (kind == "SCHEMA" and self.is_mysql)
        if is_all or (kind in _HOLDERS and "CASCADE" in _words(self.rest)):
            yield SOMETHING

    def _truncate(self) -> Iterator[Lost]:
        self.takes("TABLE")
        yield from map(Lost, self.names())
        if "CASCADE" in _words(self.rest):  # and what refers to it
            yield SOMETHING

    def _delete(self) -> Iterator[Lost]:
        while self.takes("LOW_PRIORITY", "QUICK", "IGNORE"):
            pass
        is_first = self.takes("FROM")  # MySQL has the tables before FROM where it joins others
        names = list(self.names())
        if not (is_first or self.takes("FROM")):
            return  # any other text that begins with this word
        words = _words(self.rest)
        if "WHERE" in words and not _ALWAYS.issuperset(self._condition()):
            return
        others = self._aliases()
        is_part = not is_first or not {"USING", "JOIN", "LIMIT", "PORTION"}.isdisjoint(words)
        for name in names:
            yield Lost(others.get(name, name), is_part=is_part)

    def _condition(self) -> list[str]:
        """Return the words of a WHERE; "" for a string."""
        words = [token.text.upper() if token.kind in ("word", "sign") else "" for token in self.rest]
        begin = words.index("WHERE") + 1
        return words[begin : words.index("RETURNING", begin) if "RETURNING" in words[begin:] else None]

    def _aliases(self) -> dict[str, str]:
        """Return the tables that a DELETE has by other names, by these."""
        other = _Statement(self.rest, self.dialect)
        aliases, is_table = {}, True
        other.takes("USING")
        while other.rest:
            if is_table and other.rest[0].kind != "sign":
                table = other.name()
                other.takes("AS")
                if other.rest and other.rest[0].kind != "sign" and other.word() not in ("JOIN", "WHERE", "USING", "ON"):
                    aliases[other.rest[0].value] = table
            is_table = bool(other.takes("USING", "JOIN", "FROM", ","))
            other.at += not is_table
        return aliases

    def _with(self) -> Iterator[Lost]:
        """Yield what deletes among the parts of a query."""
        depth = 0
        for number, token in enumerate(self.tokens):
            depth += (token.text == "(") - (token.text == ")")
            is_begin = not depth or self.tokens[number - 1].text == "("
            if token.kind == "word" and token.text.upper() == "DELETE" and is_begin:
                yield from _Statement(_within(self.tokens[number + 1 :]), self.dialect)._delete()

    def _create(self) -> Iterator[Lost]:
        if self.takes("OR REPLACE TABLE"):
            self.takes("IF NOT EXISTS")
            yield Lost(self.name())

    def _rename_tables(self) -> Iterator[Renamed]:
        if self.takes("TABLE", "TABLES"):
            self.takes("IF EXISTS")
            for part in _split(self.rest, ","):
                pair = _Statement(part, self.dialect)
                table = pair.name()
                if pair.takes("TO"):
                    yield Renamed(table, "", pair.name())

    def _do(self) -> Iterator[Lost | Renamed]:
        for token in self.rest:
            if token.kind == "string":
                yield from effects(token.value, self.dialect)

    def _execute(self) -> Iterator[Lost | Renamed]:
        """Read the text that is executed: what is not written there is left open."""
        words = [token.text.upper() for token in self.rest]
        if self.tokens[0].text.upper() == "PREPARE" and "AS" in words:
            statement = self.rest[words.index("AS") + 1 :]
            yield from _Statement(statement, self.dialect).effects()
            return
        ends = [words.index(word) for word in ("INTO", "USING") if word in words]
        text, is_open = "", False
        for token in self.rest[: min(ends, default=None)]:
            if token.kind == "string":
                text += f"{UNKNOWN * bool(is_open and text)}{token.value}"
            is_open = token.kind != "string"
        yield from effects(text + UNKNOWN * is_open, self.dialect) if text else ()

    def _alter(self) -> Iterator[Lost | Renamed]:
        ignores = False
        while option := self.takes("ONLINE", "OFFLINE", "IGNORE"):
            ignores |= option == "IGNORE"
        if not self.takes("TABLE"):
            return
        self.takes("IF EXISTS")
        table = self.table()
        if self.takes("WAIT"):
            self.at += 1
        self.takes("NOWAIT")
        for part in _split(self.rest, ","):
            yield from _Statement(part, self.dialect)._change(table, ignores)

    def _change(self, table: str, ignores: bool) -> Iterator[Lost | Renamed]:
        """Yield what one of the changes to a table loses or renames."""
        first = self.takes("DROP", "TRUNCATE PARTITION", "DISCARD", "ADD", "ALTER", "MODIFY", "CHANGE", "RENAME", "SET")
        if first == "DROP":
            yield from self._drop_of(table)
        elif first == "TRUNCATE PARTITION":
            yield Lost(table, is_part=True)
        elif first == "DISCARD":
            yield Lost(table, is_part="PARTITION" in _words(self.rest))
        elif first == "ADD" and ignores and not {"UNIQUE", "PRIMARY"}.isdisjoint(_words(self.rest)):
            yield Lost(table, is_part=True)  # rows that are there twice
        elif first == "ALTER":
            yield from self._type(table)
        elif first in ("MODIFY", "CHANGE") and self.is_mysql:
            yield from self._modify(table, first, ignores)
        elif first == "RENAME":
            yield from self._rename(table)
        elif first == "SET" and self.takes("SCHEMA"):
            yield Renamed(table, "", f"{self.name()}.{table.rpartition('.')[2]}")

    def _drop_of(self, table: str) -> Iterator[Lost]:
        if self.takes("SYSTEM VERSIONING"):
            yield SOMETHING  # all rows that have been
            return
        is_column = self.word() not in _NO_COLUMN or len(self.rest) == 1 or self.word(1) in ("CASCADE", "RESTRICT")
        if self.word() == "PARTITION" and not is_column:
            yield Lost(table, is_part=True)
        elif is_column:  # which may be called key
            self.takes("COLUMN")
            self.takes("IF EXISTS")
            yield Lost(table, self.name())

    def _rename(self, table: str) -> Iterator[Renamed]:
        is_table = bool(self.takes("TO", "AS", "="))
        if not is_table and (self.word() in _NO_COLUMN and self.word(2) == "TO"):
            return  # an index or a constraint
        self.takes("COLUMN")
        if is_table or (self.is_mysql and len(self.rest) < 4 and "TO" not in _words(self.rest)):
            schema, _, _ = table.rpartition(".")
            name = self.name()
            in_schema = schema and not self.is_mysql and "." not in name
            yield Renamed(table, "", f"{schema}.{name}" if in_schema else name)
        else:
            column = self.name()
            if self.takes("TO"):
                yield Renamed(table, column, self.name())

    def _type(self, table: str) -> Iterator[Lost]:
        """Yield a column that gets a type on PostgreSQL."""
        self.takes("COLUMN")
        column = self.name()
        self.takes("SET DATA")
        if not self.takes("TYPE"):
            return
        words = [token.text.upper() if token.kind == "word" else "" for token in self.rest]
        using = self.rest[words.index("USING") + 1 :] if "USING" in words else ()
        end = min((words.index(word) for word in ("COLLATE", "USING") if word in words), default=None)
        yield Lost(table, column, _joined(self.rest[:end]), _joined(using))

    def _modify(self, table: str, first: str, ignores: bool) -> Iterator[Lost | Renamed]:
        """Yield a column that gets a type, and perhaps another name, on MariaDB and MySQL."""
        self.takes("COLUMN")
        self.takes("IF EXISTS")
        column = self.name()
        to = self.name() if first == "CHANGE" else column
        yield Lost(table, column, _joined(self.rest), is_part=ignores)
        if to != column:
            yield Renamed(table, column, to)
