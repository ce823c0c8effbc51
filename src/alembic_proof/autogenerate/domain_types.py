"""Domains of PostgreSQL, in SQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, Dialect, TypeDecorator
from sqlalchemy.dialects.postgresql import DOMAIN

from .. import upstream
from ..ddl.types import database_type
from ..sqltext import quote_literal, single_percents
from .sql import sql_of


@dataclass(frozen=True)
class Definition:
    """What a domain is, all in SQL; where it has no default or collation, that is empty."""

    type: str
    collation: str = ""
    default: str = ""
    not_null: bool = False
    checks: tuple[tuple[str, str], ...] = ()  # names, which may be empty for PostgreSQL to choose, and texts

    def create(self, name: str) -> str:
        """Return the CREATE DOMAIN of a domain of this name."""
        parts = [f"CREATE DOMAIN {name} AS {self.type}"]
        parts += [f"COLLATE {self.collation}"] if self.collation else []
        parts += [f"DEFAULT {self.default}"] if self.default else []
        parts += ["NOT NULL"] if self.not_null else []
        return " ".join([*parts, *map(_check, self.checks)])

    def alter(self, name: str, after: Definition) -> Iterator[str]:
        """Yield what makes another definition of this one; PostgreSQL cannot change the type and its collation."""
        alter = f"ALTER DOMAIN {name}"
        yield from (f"{alter} DROP CONSTRAINT {check[0]}" for check in self.checks if check not in after.checks)
        if self.default != after.default:
            yield f"{alter} SET DEFAULT {after.default}" if after.default else f"{alter} DROP DEFAULT"
        if self.not_null != after.not_null:
            yield f"{alter} {'SET' if after.not_null else 'DROP'} NOT NULL"
        yield from (f"{alter} ADD {_check(check)}" for check in after.checks if check not in self.checks)


def _check(check: tuple[str, str]) -> str:
    name, text = check
    return f"CONSTRAINT {name} {text}" if name else text


def domain_of(type_: Any, dialect: Dialect) -> DOMAIN | None:
    """Return the domain that is, or is in, a type, or None."""
    given = upstream.variants(type_).get(dialect.name, type_)
    if isinstance(given, TypeDecorator):
        return domain_of(given.load_dialect_impl(dialect), dialect)
    found = database_type(type_, dialect)
    if isinstance(found, ARRAY):
        return domain_of(found.item_type, dialect)
    return found if isinstance(found, DOMAIN) else None


def domains_by_name(types: Iterable[Any], dialect: Dialect) -> dict[str, DOMAIN]:
    """Return the domains among types, by their names in SQL."""
    domains = (domain_of(type_, dialect) for type_ in types if type_ is not None)
    preparer: Any = dialect.identifier_preparer
    found = (domain for domain in domains if domain is not None)
    return {single_percents(str(preparer.format_type(domain)), dialect): domain for domain in found}


def definition(domain: DOMAIN, dialect: Dialect) -> Definition:
    """Return what a domain of the models is."""
    preparer: Any = dialect.identifier_preparer
    default, check = domain.default, domain.check
    collation = preparer.quote(domain.collation) if domain.collation else ""
    if schema := getattr(domain, "collation_schema", None):  # new in SQLAlchemy 2.1
        collation = f"{preparer.quote_schema(schema)}.{collation}"
    if default is not None:
        default = quote_literal(default) if isinstance(default, str) else sql_of(default, dialect)
    name = preparer.quote(domain.constraint_name) if domain.constraint_name else ""
    return Definition(
        single_percents(dialect.type_compiler_instance.process(domain.data_type), dialect),
        collation,
        default or "",
        domain.not_null,
        () if check is None else ((name, f"CHECK ({sql_of(check, dialect)})"),),
    )
