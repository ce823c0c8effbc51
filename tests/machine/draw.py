"""Random schemas: choices that hypothesis makes, and so makes small."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from hypothesis import strategies as st

from machine import expressions
from machine.schema import Column, Enum, Item, Pair, Schema, Table, View, keys_in
from machine.sound import distinct, keyed, problems
from machine.values import TYPES, family

T = TypeVar("T")
PLAIN = ["alpha", "beta", "gamma", "delta", "omega", "sigma", "kappa", "theta", "lambda_", "zeta", "rho", "tau"]
ODD = ["user", "order", "select", "Name", "camelCase", "이름", "two words", "a_" + "long_" * 12, "b_" + "long_" * 12]
ODD += ["ALPHA", "values"]
PERCENT = ["per%cent", "100%"]
# What a first schema may have; a run can leave any of it out, and any of the changes.
FEATURES = [
    "odd names",
    "percent names",
    "odd types",
    "comments",
    "enums",
    "shared enums",
    "enum arrays",
    "identity",
    "computed",
]
FEATURES += ["cycles", "composite keys", "keyless", "ordered indexes", "expression indexes", "partial indexes"]
FEATURES += ["groupings", "schemas", "search path", "attributes", "unnamed", "views", "triggers", "type checks"]
FEATURES += ["variants", "domains", "exclude", "autoincrement", "collations", "composite references", "use_alter"]
FEATURES += ["unique references", "index options", "expression fills", "adopt", "offline"]
ODD_TYPES = ("LargeBinary", "JSON", "Uuid", "Interval", "types", "postgresql", "mysql")
# What some types are a feature of, by a part of their code.
TYPE_FEATURES = {
    "create_constraint": "type checks",
    "with_variant": "variants",
    "DOMAIN": "domains",
    "INT4RANGE": "exclude",
    "collation": "collations",
}
SCHEMAS = ("shop", "Sales Dept")
COUNTING = ("Integer()", "BigInteger()")
IDENTITIES = (
    "Identity()",
    "Identity(always=True)",
    "Identity(start=100, increment=10)",
    "Identity(always=True, start=50, minvalue=1, maxvalue=100000, cycle=True, cache=5)",
)


class Draw:
    """Choices for one pair of schemas."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any], database: str, allowed: frozenset[str]) -> None:
        self.draw, self.database, self.allowed = draw, database, allowed
        self.key = 0
        self.taken: set[str] = set()  # names that are not to be chosen
        self.tables: set[str] = set()  # of tables, in either schema
        self.gone: set[str] = set()  # of the first schema's columns
        self.numbered: set[int] = set()  # columns of the second schema that number the rows that there are
        self.is_postgresql = database == "postgresql"

    def one(self, options: Sequence[T]) -> T:
        """Choose one of several."""
        return options[self.number(0, len(options) - 1)]

    def number(self, low: int, high: int) -> int:
        """Choose a number."""
        return int(self.draw(st.integers(low, high)))

    def chance(self, of_ten: int, feature: str = "") -> bool:
        """Tell whether something happens, as often as given."""
        return (not feature or feature in self.allowed) and self.number(0, 9) >= 10 - of_ten

    def new_key(self) -> int:
        """Return a key that nothing has."""
        self.key += 1
        return self.key

    def name(self) -> str:
        """Choose a name that nothing has, and nothing had."""
        odd = ODD * ("odd names" in self.allowed) + PERCENT * ("percent names" in self.allowed)
        pool = [name for name in PLAIN + odd if not self._is_taken(name)]
        name = self.one(pool) if pool else f"n{self.new_key()}"
        self.taken.add(name)
        return name

    def _is_taken(self, name: str) -> bool:
        """Tell whether a name cannot be had; only PostgreSQL tells ALPHA from alpha."""
        if self.is_postgresql:
            return name in self.taken
        return name.lower() in {taken.lower() for taken in self.taken}

    def comment(self) -> str | None:
        """Choose a comment, or none."""
        return self.one(["it's 100% \\ :x", "크기", "plain", 'say "so"']) if self.chance(2, "comments") else None

    def types(self) -> list[str]:
        """Return the types that a column may have."""
        codes = [code for code, type_ in TYPES.items() if type_.only in (None, self.database)]
        if "odd types" not in self.allowed:
            codes = [code for code in codes if not code.startswith(ODD_TYPES)]
        without = [part for part, feature in TYPE_FEATURES.items() if feature not in self.allowed]
        return [code for code in codes if not any(part in code for part in without)]

    def column(self, schema: Schema, nullable: bool | None = None) -> Column:
        """Choose a column."""
        enums = [enum.key for enum in schema.enums]
        used = {column.type for table in schema.tables for column in table.columns}
        if "shared enums" not in self.allowed:
            enums = [key for key in enums if key not in used]
        type_ = self.one(enums) if enums and self.chance(3) else self.one(self.types())
        if nullable is None:
            nullable = self.chance(5)
        column = Column(self.new_key(), self.name(), type_, nullable, comment=self.comment())
        if self.chance(1, "attributes"):
            column = replace(column, attribute=f"attribute_{column.key}")
        enum = schema.enum(type_)
        if enum and self.is_postgresql and enum.kind == "native" and self.chance(3, "enum arrays"):
            return replace(column, array=True)
        if self.is_postgresql and type_ in COUNTING and self.chance(1, "identity"):
            return replace(column, nullable=False, special=self.one(IDENTITIES))
        return replace(column, server_default=self.server_default(schema, column) if self.chance(3) else None)

    def server_default(self, schema: Schema, column: Column) -> str | None:
        """Choose a default for a column, or none if its type has none."""
        enum = schema.enum(column.type)
        if column.array:
            return "'{}'"
        defaults = tuple(map(repr, enum.labels)) if enum else TYPES[str(column.type)].defaults
        if not column.nullable:
            defaults = tuple(code for code in defaults if code != "null()")
        return self.one(defaults) if defaults else None

    def computed(self, columns: Sequence[Column]) -> Column | None:
        """Choose a column that is computed from some of these, or none if it cannot be."""
        kinds = [kind for kind in expressions.COMPUTED if any(_base(column, kind) for column in columns)]
        if not kinds:
            return None
        kind = self.one(kinds)
        bases = [column for column in columns if _base(column, kind)]
        chosen = [self.one(bases) for _ in range(2)]
        text = expressions.filled(self.one(expressions.COMPUTED[kind]), chosen, 1)
        stored = ", persisted=True" if self.is_postgresql or self.chance(5) else ""
        return Column(self.new_key(), self.name(), kind, special=f"Computed({text};{stored})")

    def table(self, schema: Schema) -> Table:
        """Choose a table."""
        kind = self.one(["Integer()"] * 5 + ["BigInteger()", "String(20)", "Uuid()"])
        key = Column(self.new_key(), "id", kind, False)
        if kind in COUNTING and self.chance(2, "identity"):
            key = replace(key, special=self.one(IDENTITIES))
        taken, self.taken = self.taken, {table.name for table in schema.tables} | {"id"} | self.tables
        columns = _once_checked(schema, [self.column(schema) for _ in range(self.number(0, 4))])
        primary: tuple[int, ...] = (key.key,)
        if self.chance(1, "composite keys") and key.special is None:
            other = Column(self.new_key(), self.name(), "String(20)", False)
            columns.append(other)
            primary = (key.key, other.key)
        elif self.chance(1, "keyless") and key.special is None:
            primary = ()
        if self.chance(2, "computed") and (computed := self.computed(columns)):
            columns.append(computed)
        self.taken = taken | self.tables
        name = self.name()
        self.tables.add(name)
        table = Table(self.new_key(), name, (key, *columns), primary, (), self.comment())
        if self.database == "sqlite" and table.counted and kind == "Integer()" and self.chance(2, "autoincrement"):
            table = replace(table, options=("sqlite_autoincrement=True",))
        if self.is_postgresql and self.chance(2, "schemas"):
            table = replace(table, schema=self.one(SCHEMAS))
        return table

    def enum(self) -> Enum:
        """Choose an enum type."""
        labels = ["red", "it's", "초록", "Blue", "100%"][: self.number(1, 5)]
        kinds = ["native"] * 6 + ["text"] * 2 + ["checked"] * ("type checks" in self.allowed)
        enum = Enum(self.new_key(), f"mood{self.key}", tuple(labels), self.one(kinds))
        if self.is_postgresql and enum.kind == "native" and self.chance(1, "schemas"):
            enum = replace(enum, schema=SCHEMAS[0])
        return enum

    def expression(self, columns: list[Column], templates: dict[str, tuple[str, ...]]) -> str | None:
        """Choose an expression of some columns of one family, or none if there is none."""
        kinds = {family for family in expressions.families(columns) if templates[family]}
        if not kinds:
            return None
        kind = self.one(sorted(kinds))
        usable = [column for column in columns if expressions.families([column]) == {kind}]
        chosen = [self.one(usable) for _ in range(3)]
        allowed = templates[kind] if "groupings" in self.allowed else templates[kind][:1]
        return expressions.filled(self.one(allowed), chosen, self.number(1, 3))

    def item(self, schema: Schema, table: Table, kind: str) -> Item | None:
        """Choose a constraint or an index for a table, or none if it has no column for it."""
        item = Item(self.new_key(), kind, ())
        if kind == "check":
            text = self.expression(list(table.columns), expressions.CHECKS)
            return replace(item, name=f"rule{item.key}", text=text, columns=keys_in(text)) if text else None
        if kind == "foreign key":
            return self.foreign_key(schema, table, item)
        if kind == "exclude":
            ranges = [column.key for column in table.columns if "RANGE" in str(column.type)]
            return replace(item, name=f"excl_{item.key}", columns=(self.one(ranges),)) if ranges else None
        usable = [column for column in table.columns if keyed(column, unique="unique" in kind)]
        if not usable:
            return None
        columns = tuple(dict.fromkeys(self.one(usable).key for _ in range(self.number(1, 2))))
        item = replace(item, columns=columns, name=f"own_{item.key}" if self.chance(1) else None)
        return self.index(table, item) if "index" in kind else item

    def index(self, table: Table, item: Item) -> Item:
        """Choose how an index has its columns, and which rows."""
        columns = [table.known(key) for key in item.columns]
        several = [f"python @{key}" for key in item.columns]
        if self.chance(3, "ordered indexes"):
            ways = expressions.ORDERED + expressions.NULLS * self.is_postgresql
            several[0] = expressions.filled(self.one(ways), columns, 1)
        if item.kind == "index" and self.database != "mysql" and self.chance(3, "expression indexes"):
            text = self.expression(columns, expressions.ELEMENTS)
            several = [text, *several[1:]] if text else several
        if self.database != "mysql" and self.chance(3, "partial indexes"):
            item = replace(item, where=self.predicate(table))
        if self.is_postgresql and self.chance(1, "index options"):
            plain = next((c.key for c in table.columns if c.key not in item.columns and keyed(c)), None)
            options = [f"postgresql_include=[@{plain}]"] if plain else []
            options += ["postgresql_nulls_not_distinct=True"] * (item.kind == "unique index" and not item.where)
            if options and (option := self.one(options)):
                item = replace(item, options=(option,))
        if several != [f"python @{key}" for key in item.columns] or item.where or item.options:
            item = replace(item, elements=tuple(several))
        columns_now = keys_in(" ".join([*several, item.where or "", *item.options]))
        name = item.name or (f"ix_{item.key}" if item.elements else None)
        return replace(item, name=name, columns=columns_now)

    def predicate(self, table: Table) -> str:
        """Choose which rows an index has."""
        text = self.expression(list(table.columns), expressions.PREDICATES) if self.chance(6, "groupings") else None
        return text or expressions.filled(self.one(expressions.ANY_PREDICATES), [self.one(table.columns)], 1)

    def foreign_key(self, schema: Schema, table: Table, item: Item) -> Item | None:
        """Choose what a table refers to, and with which columns."""
        found = []
        for target in schema.tables:
            ways = [target.primary] if target.primary else []
            ways += [i.columns for i in target.items if i.kind == "unique"] * ("unique references" in self.allowed)
            for way in ways:
                if len(way) > 1 and "composite references" not in self.allowed:
                    continue
                own = [self._same_type(table, target.known(key)) for key in way]
                if all(own):
                    found.append((target, way, own))
        if not found:
            return None
        target, way, own = self.one(found)
        columns = [self.one(columns).key for columns in own]
        if len(set(columns)) < len(columns):
            return None
        options = [f"ondelete={action!r}" for action in ("CASCADE", "SET NULL") if self.chance(2)][:1]
        if self.chance(1):
            options.append("onupdate='CASCADE'")
        if self.database != "mysql" and self.chance(1):
            options.append("deferrable=True, initially='DEFERRED'")
        if self.chance(1, "use_alter"):
            options.append("use_alter=True")
        name = f"own_{item.key}" if self.chance(1) or "use_alter=True" in options else None
        return replace(item, columns=tuple(columns), target=target.key, referred=way, options=tuple(options), name=name)

    def _same_type(self, table: Table, other: Column) -> list[Column]:
        return [c for c in table.columns if c.type == other.type and distinct(c) and not c.computed and not c.special]

    def schema(self) -> Schema:
        """Choose a schema."""
        schema = Schema((), tuple(self.enum() for _ in range(self.number(0, 2) if "enums" in self.allowed else 0)))
        for _ in range(self.number(1, 3)):
            table = self.table(schema)
            schema = replace(schema, tables=(*schema.tables, table))
        for _ in range(self.number(0, 6)):
            table = self.one(schema.tables)
            kinds = KINDS + ["exclude"] * (self.is_postgresql and "exclude" in self.allowed)
            item = self.item(schema, table, self.one(kinds))
            if item:
                changed = with_item(schema, table, item)
                if not any(problems(Pair(changed, changed), self.database, self.allowed)):
                    schema = changed
        return schema

    def views(self, schema: Schema) -> tuple[View, ...]:
        """Choose a view, or none."""
        if not self.chance(2, "views"):
            return ()
        table = self.one(schema.tables)
        return (View(table.key, tuple(dict.fromkeys(self.one(table.columns).key for _ in range(2)))),)

    def triggers(self, schema: Schema) -> tuple[int, ...]:
        """Choose a table that has a trigger, or none."""
        return (self.one(schema.tables).key,) if self.chance(2, "triggers") else ()

    def path(self) -> str:
        """Choose PostgreSQL's search_path; empty as it is by default."""
        return "app" if self.is_postgresql and self.chance(1, "search path") else ""


KINDS = ["unique", "index", "index", "unique index", "check", "foreign key", "foreign key"]


def with_item(schema: Schema, table: Table, item: Item) -> Schema:
    """Return the schema with one constraint or index more in a table."""
    changed = replace(table, items=(*table.items, item))
    return replace(schema, tables=tuple(changed if one.key == table.key else one for one in schema.tables))


def _once_checked(schema: Schema, columns: list[Column]) -> list[Column]:
    """Return columns without those of an enum that has a CHECK, which would have the name of another one's."""
    checked = {enum.key for enum in schema.enums if enum.kind == "checked"}
    types = [column.type for column in columns]
    return [column for n, column in enumerate(columns) if column.type not in checked or types.index(column.type) == n]


def _base(column: Column, kind: str) -> bool:
    """Tell whether a column of a type can be computed from this one."""
    return column.type == kind and not column.special and family(column.type) != "enum"
