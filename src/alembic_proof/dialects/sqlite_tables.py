"""The CREATE TABLE that SQLite keeps of a table, taken apart.

It is the one place where all of a table is: no PRAGMA tells of AUTOINCREMENT, COLLATE, CHECKs or ON CONFLICT. The
grammar is that of https://www.sqlite.org/lang_createtable.html, with what SQLite's own parser takes besides:
constraints that no comma separates, and a CONSTRAINT name without anything after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

_TOKEN = re.compile(
    r"""
      (?P<space>[ \t\n\f\r]+|--[^\n]*|/\*.*?(?:\*/|\Z))
    | (?P<literal>[xX]?'(?:[^']|'')*'|0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^]]*\])
    | (?P<word>[^\W\d][\w$]*|[\x80-\U0010ffff][\w$\x80-\U0010ffff]*)
    | (?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)
# With these a constraint begins, of a column or of a table. None of them can be a name without quotes.
_BEGINS = {
    *("CONSTRAINT", "PRIMARY", "NOT", "NULL", "UNIQUE", "CHECK", "DEFAULT", "COLLATE", "REFERENCES", "GENERATED", "AS"),
    *("FOREIGN", "DEFERRABLE"),
}
_OF_TABLES = frozenset({"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"})


class Token(NamedTuple):
    """A word, a name in quotes, a literal or a sign, and where it is."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def keyword(self) -> str:
        """The word in capital letters; an empty string for what is no word."""
        return self.text.upper() if self.kind == "word" else ""

    @property
    def name(self) -> str:
        """The name that it is, as SQLite compares names."""
        return unquoted(self.text).lower()


@dataclass
class Clause:
    """A constraint, default, collation or computation: of a column, or of the table."""

    kind: str  # PRIMARY, NOT (NULL), NULL, UNIQUE, CHECK, DEFAULT, COLLATE, REFERENCES, FOREIGN, AS; "" for a bare name
    tokens: list[Token]
    name: str | None = None
    columns: tuple[str, ...] = ()  # what a key covers, or a foreign key begins at
    referred: str = ""  # the table that a foreign key ends at
    expression: list[Token] = field(default_factory=list)  # what is between the parentheses of a CHECK or computation

    @property
    def start(self) -> int:
        """Where it begins in the statement."""
        return self.tokens[0].start

    @property
    def end(self) -> int:
        """Where it ends in the statement."""
        return self.tokens[-1].end

    def has(self, *words: str) -> bool:
        """Tell whether these words follow each other in it."""
        keywords = [token.keyword for token in self.tokens]
        return any(keywords[start : start + len(words)] == list(words) for start in range(len(keywords)))


@dataclass
class Piece:
    """What is between two commas: a column, or constraints of the table."""

    start: int
    end: int
    clauses: list[Clause]
    name: Token | None = None  # of a column
    type: tuple[int, int] = (0, 0)  # where the type of a column is

    def clause(self, kind: str) -> Clause | None:
        """Return the first clause of a kind."""
        return next((clause for clause in self.clauses if clause.kind == kind), None)


@dataclass
class TableSql:
    """A CREATE TABLE."""

    sql: str
    columns: dict[str, Piece]  # by name, in small letters
    constraints: list[Piece]
    options: list[str]  # WITHOUT ROWID, STRICT
    tail: str  # what follows the closing parenthesis

    @classmethod
    def parse(cls, sql: str) -> TableSql:
        """Take a CREATE TABLE apart. Raises ValueError for a virtual table, and for what is not understood."""
        tokens = list(tokens_of(sql))
        opening = next((at for at, token in enumerate(tokens) if token.text == "("), None)
        if opening is None or tokens[1].keyword == "VIRTUAL":
            raise ValueError(f"no CREATE TABLE with columns: {sql}")
        closing = _closing(tokens, opening)
        columns: dict[str, Piece] = {}
        constraints: list[Piece] = []
        start = tokens[opening].end
        for part, end in _parts(tokens[opening + 1 : closing], tokens[closing]):
            if constraints or part[0].keyword in _OF_TABLES:
                constraints.append(Piece(start, end, _clauses(part)))
            else:
                columns[part[0].name] = _column(part, start, end)
            start = end + 1
        words = [token.keyword or token.text for token in tokens[closing + 1 :]]
        options = [part.strip() for part in " ".join(words).split(",") if part.strip()]
        return cls(sql, columns, constraints, options, sql[tokens[closing].end :])

    @property
    def clauses(self) -> Iterator[tuple[Piece, Clause]]:
        """All clauses, with the columns or parts that they are in."""
        for piece in (*self.columns.values(), *self.constraints):
            for clause in piece.clauses:
                yield piece, clause

    def expression(self, clause: Clause) -> str:
        """Return what is between the parentheses of a CHECK or computation."""
        return self.sql[clause.expression[0].start : clause.expression[-1].end]

    @property
    def counts(self) -> bool:
        """Whether it has AUTOINCREMENT: no key is given out twice."""
        return any(clause.has("AUTOINCREMENT") for _, clause in self.clauses if clause.kind == "PRIMARY")


def tokens_of(sql: str) -> Iterator[Token]:
    """Yield the tokens of SQL, without blanks and comments."""
    for match in _TOKEN.finditer(sql):
        if match.lastgroup != "space":
            yield Token(str(match.lastgroup), match[0], match.start(), match.end())


def unquoted(name: str) -> str:
    """Return a name without its quotes."""
    quote = name[:1]
    if quote in ('"', "`", "'"):
        return name[1:-1].replace(quote * 2, quote)
    return name[1:-1] if quote == "[" else name


def names_in(tokens: Iterable[Token]) -> set[str]:
    """Return what may be the name of a column, in small letters; the name of a function is none."""
    sequence = list(tokens)
    following = [token.text for token in sequence[1:]] + [""] * bool(sequence)
    return {
        token.name
        for token, after in zip(sequence, following, strict=True)
        if token.kind in ("word", "quoted") and after not in ("(", ".")
    }


def _closing(tokens: Sequence[Token], opening: int) -> int:
    """Return where the parenthesis closes that opens here."""
    depth = 0
    for at in range(opening, len(tokens)):
        depth += {"(": 1, ")": -1}.get(tokens[at].text, 0)
        if not depth:
            return at
    raise ValueError("a parenthesis is not closed")


def _parts(tokens: Sequence[Token], last: Token) -> Iterator[tuple[list[Token], int]]:
    """Yield what is between the outer commas, and where it ends."""
    part: list[Token] = []
    depth = 0
    for token in tokens:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if token.text == "," and not depth:
            yield part, token.start
            part = []
        else:
            part.append(token)
    yield part, last.start


def _column(tokens: list[Token], start: int, end: int) -> Piece:
    at = 1
    while at < len(tokens) and not _begins(tokens, at):
        at = _closing(tokens, at) + 1 if tokens[at].text == "(" else at + 1
    type_ = (tokens[1].start, tokens[at - 1].end) if at > 1 else (tokens[0].end, tokens[0].end)
    clauses = _clauses(tokens[at:])
    for clause in clauses:
        clause.columns = clause.columns or (tokens[0].name,)
    return Piece(start, end, clauses, tokens[0], type_)


def _begins(tokens: Sequence[Token], at: int) -> bool:
    keyword = tokens[at].keyword
    if keyword == "GENERATED":  # also a part of a type's name
        return at + 1 < len(tokens) and tokens[at + 1].keyword == "ALWAYS"
    return keyword in _BEGINS


def _clauses(tokens: list[Token]) -> list[Clause]:
    return list(_Clauses(tokens).all())


class _Clauses:
    """Reads constraints, one after the other."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens, self.at = tokens, 0

    def all(self) -> Iterator[Clause]:
        """Yield them."""
        while self.at < len(self.tokens):
            yield self._clause()

    def _is(self, *words: str) -> bool:
        following = self.tokens[self.at : self.at + len(words)]
        return [token.keyword for token in following] == list(words)

    def _take(self, *words: str) -> bool:
        """Go on behind these words, if they follow."""
        found = self._is(*words)
        self.at += len(words) if found else 0
        return found

    def _any(self, *choices: str) -> bool:
        return any(self._take(word) for word in choices)

    def _group(self) -> list[Token]:
        """Go on behind what is in parentheses, and return it; nothing if there are none."""
        if self.at == len(self.tokens) or self.tokens[self.at].text != "(":
            return []
        opening, self.at = self.at, _closing(self.tokens, self.at) + 1
        return self.tokens[opening + 1 : self.at - 1]

    def _next(self) -> Token:
        if self.at == len(self.tokens):
            raise ValueError("the statement ends too early")
        self.at += 1
        return self.tokens[self.at - 1]

    def _clause(self) -> Clause:
        start, name = self.at, None
        while self._take("CONSTRAINT"):
            name = unquoted(self._next().text)
        if self.at == len(self.tokens):
            return Clause("", self.tokens[start:], name)
        clause = Clause(self._next().keyword, [], name)
        self._read(clause)
        clause.tokens = self.tokens[start : self.at]
        return clause

    def _read(self, clause: Clause) -> None:
        kind = clause.kind
        if kind in ("PRIMARY", "UNIQUE"):
            self._take("KEY")
            clause.columns = _first_names(self._group())
            self._any("ASC", "DESC")
        elif kind == "NOT" and self._any("DEFERRABLE"):
            self._deferring()
            return
        elif kind == "NOT":
            self._take("NULL")
        elif kind == "CHECK":
            clause.expression = self._group()
        elif kind == "DEFAULT":
            if not self._group():
                signed = self._next().text in "+-"
                self.at += signed
        elif kind == "COLLATE":
            self._next()
        elif kind == "FOREIGN":
            self._take("KEY")
            clause.columns = _first_names(self._group())
            self._take("REFERENCES")
            self._references(clause)
        elif kind == "REFERENCES":
            self._references(clause)
        elif kind in ("GENERATED", "AS"):
            self._take("ALWAYS")
            self._take("AS")
            clause.kind, clause.expression = "AS", self._group()
            self._any("STORED", "VIRTUAL")
        elif kind == "DEFERRABLE":
            self._deferring()
        elif kind != "NULL":
            raise ValueError(f"{self.tokens[self.at - 1].text} is not understood")
        if self._take("ON", "CONFLICT"):
            self._next()
        self._take("AUTOINCREMENT")

    def _references(self, clause: Clause) -> None:
        clause.referred = self._next().name
        self._group()
        while True:
            if self._take("ON"):
                self._next()
                self._any("SET", "NO")
                self._next()
            elif self._take("MATCH"):
                self._next()
            elif self._take("DEFERRABLE") or self._take("NOT", "DEFERRABLE"):
                self._deferring()
            else:
                return

    def _deferring(self) -> None:
        if self._take("INITIALLY"):
            self._next()


def _first_names(tokens: list[Token]) -> tuple[str, ...]:
    """Return the names of a list of columns, without COLLATE, ASC and DESC."""
    return tuple(part[0].name for part, _ in _parts(tokens, tokens[-1])) if tokens else ()
