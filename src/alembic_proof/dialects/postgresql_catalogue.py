"""What PostgreSQL's catalogue tells of a schema, all in one query: for each item its table, its name and its text.

Names are with their schema only where the search_path of the session does not lead to them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ..sqltext import quote_literal

# What initdb has made has oids below 16384 (FirstNormalObjectId), and there is a lot of it: an index leads past it.
# An expression for the kinds of things that a database has, each in brackets. To plan a query for what is not there
# takes a new session longer than to see that it is not.
KINDS = """concat(
    (SELECT concat(string_agg(DISTINCT concat('[class ', relkind, ']'), ''),
        CASE WHEN bool_or(relhastriggers) THEN '[triggers]' END,
        CASE WHEN bool_or(relhasrules) THEN '[rules]' END,
        CASE WHEN bool_or(relrowsecurity) THEN '[security]' END,
        CASE WHEN bool_or(relkind IN ('r', 'p') AND (relpersistence <> 'p' OR relreplident <> 'd'
        OR reloptions IS NOT NULL)) THEN '[storage]' END,
        CASE WHEN bool_or(relkind = 'v' AND relhastriggers) THEN '[triggers of views]' END)
        FROM pg_class WHERE oid >= 16384),
    (SELECT string_agg(DISTINCT concat('[type ', typtype, ']'), '') FROM pg_type WHERE oid >= 16384),
    (SELECT '[functions]' FROM pg_proc WHERE oid >= 16384 LIMIT 1),
    (SELECT '[inherited]' FROM pg_inherits WHERE inhrelid >= 16384 LIMIT 1)
)"""

_TABLES = """
WITH t AS (SELECT c.oid, c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
           WHERE c.oid >= 16384 AND relkind IN ('r', 'p') AND {own} AND NOT EXISTS (SELECT FROM pg_depend d
           WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'))
"""


def _owned(catalogue: str, oid: str, by: str = "eai") -> str:
    """Return the condition for what belongs to an extension or, as the sequence of a column does, to something else."""
    kinds = ", ".join(map(quote_literal, by))
    return f"""EXISTS (SELECT FROM pg_depend d WHERE d.classid = '{catalogue}'::regclass AND d.objid = {oid}
    AND d.deptype IN ({kinds}))"""


class _Part(NamedTuple):
    kind: str  # of KINDS; an empty text for what every database has
    sql: str


_OF_TABLES = [
    _Part("", "SELECT name, '', '' FROM t"),
    _Part("class p", "SELECT name, 'partitioned by', pg_get_partkeydef(t.oid) FROM t WHERE EXISTS (SELECT FROM "
          "pg_partitioned_table WHERE partrelid = t.oid)"),
    _Part("", """
SELECT name, 'column ' || attname, format_type(atttypid, atttypmod)
    || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END || CASE attidentity WHEN '' THEN '' ELSE ' IDENTITY' END
    || CASE WHEN attcollation <> typcollation THEN ' COLLATE ' || attcollation::regcollation::text ELSE '' END
    || CASE attgenerated WHEN '' THEN '' ELSE ' GENERATED ' || pg_get_expr(adbin, adrelid) END
    FROM t JOIN pg_attribute a ON attrelid = t.oid AND attrelid >= 16384 AND attnum > 0 AND NOT attisdropped
    JOIN pg_type y ON y.oid = atttypid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
"""),
    _Part("", """
SELECT name, 'default of ' || attname, CASE WHEN EXISTS (SELECT FROM pg_depend d WHERE refobjid = t.oid
    AND refobjsubid = attnum AND refclassid = 'pg_class'::regclass AND classid = 'pg_class'::regclass AND deptype = 'a'
    AND pg_get_expr(adbin, adrelid) = format('nextval(%L::regclass)', objid::regclass))
    THEN 'nextval() of its sequence' ELSE pg_get_expr(adbin, adrelid) END FROM t JOIN pg_attrdef ON adrelid = t.oid
    JOIN pg_attribute ON attrelid = t.oid AND attrelid >= 16384 AND attnum = adnum AND attgenerated = ''
"""),
    _Part("", """
SELECT name, 'constraint ' || conname, pg_get_constraintdef(c.oid)
    FROM t JOIN pg_constraint c ON conrelid = t.oid AND contype <> 'n'
"""),
    _Part("", """
SELECT name, 'index ' || indexrelid::regclass::text, pg_get_indexdef(indexrelid, 0, true)
    || CASE WHEN indisvalid THEN '' ELSE ' INVALID' END FROM t JOIN pg_index i ON indrelid = t.oid
    WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND conrelid = indrelid)
"""),
    _Part("triggers", """
SELECT name, 'trigger ' || tgname, pg_get_triggerdef(g.oid, true) || CASE tgenabled WHEN 'O' THEN '' ELSE
    ' enabled: ' || tgenabled::text END FROM t JOIN pg_trigger g ON tgrelid = t.oid WHERE NOT tgisinternal
"""),
    _Part("type e", """
SELECT '', 'type ' || enumtypid::regtype::text, string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder)
    FROM pg_enum JOIN pg_type y ON y.oid = enumtypid JOIN pg_namespace n ON n.oid = typnamespace WHERE {own}
    GROUP BY enumtypid
"""),
]  # fmt: skip

_NUMBERS = """concat_ws(' ', seqtypid::regtype, 'from', seqstart, 'by', seqincrement, 'between', seqmin, 'and', seqmax,
    'cache', seqcache, CASE WHEN seqcycle THEN 'CYCLE' END)"""
_BESIDE_TABLES = [
    *(_Part(f"class {letter}", f"""
SELECT '', '{kind} ' || c.oid::regclass::text, concat_ws(' ', pg_get_viewdef(c.oid), array_to_string(reloptions, ', '))
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind = '{letter}' AND {{own}}
    AND NOT {_owned("pg_class", "c.oid")}
""") for letter, kind in (("v", "view"), ("m", "materialized view"))),
    _Part("class m", """
SELECT '', 'index ' || indexrelid::regclass::text, pg_get_indexdef(indexrelid, 0, true) FROM pg_index
    JOIN pg_class c ON c.oid = indrelid JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind = 'm' AND {own}
"""),
    _Part("rules", """
SELECT '', concat_ws(' ', 'rule', rulename, 'of', ev_class::regclass::text), pg_get_ruledef(r.oid, true)
    FROM pg_rewrite r JOIN pg_class c ON c.oid = ev_class JOIN pg_namespace n ON n.oid = relnamespace
    WHERE rulename <> '_RETURN' AND {own}
"""),
    _Part("functions", f"""
SELECT '', 'function ' || p.oid::regprocedure::text, CASE WHEN pg_function_is_visible(p.oid)
    THEN replace(left(def, length(start)), nspname_, '') || substr(def, length(start) + 1) ELSE def END
    FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace, LATERAL (SELECT pg_get_functiondef(p.oid) AS def,
    quote_ident(nspname) || '.' AS nspname_) x, LATERAL (SELECT concat('CREATE OR REPLACE ', CASE prokind WHEN 'p' THEN
    'PROCEDURE ' ELSE 'FUNCTION ' END, nspname_) AS start) y
    WHERE prokind <> 'a' AND p.oid >= 16384 AND {{own}} AND NOT {_owned("pg_proc", "p.oid")}
"""),
    _Part("functions", f"""
SELECT '', 'aggregate ' || p.oid::regprocedure::text, concat_ws(' ', aggtransfn, format_type(aggtranstype, NULL),
    aggfinalfn, aggcombinefn, agginitval) FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
    JOIN pg_aggregate a ON aggfnoid = p.oid WHERE p.oid >= 16384 AND {{own}} AND NOT {_owned("pg_proc", "p.oid")}
"""),
    _Part("class S", f"""
SELECT coalesce(o.oid::regclass::text, ''), CASE WHEN o.oid IS NULL THEN 'sequence ' || c.oid::regclass::text
    ELSE 'numbers of ' || attname END, concat_ws(' ', CASE attidentity WHEN 'a' THEN 'ALWAYS' END, {_NUMBERS})
    FROM pg_sequence JOIN pg_class c ON c.oid = seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = seqrelid AND d.deptype IN ('a', 'i')
    LEFT JOIN pg_class o ON o.oid = refobjid AND o.relkind IN ('r', 'p')
    LEFT JOIN pg_attribute ON attrelid = o.oid AND attnum = refobjsubid
    WHERE c.oid >= 16384 AND {{own}} AND (d.objid IS NULL OR o.oid IS NOT NULL)
    AND NOT {_owned("pg_class", "c.oid", "e")}
"""),
    _Part("type d", f"""
SELECT '', 'domain ' || y.oid::regtype::text, concat_ws(' ', format_type(typbasetype, typtypmod),
    CASE WHEN typcollation NOT IN (0, 100) THEN 'COLLATE ' || typcollation::regcollation::text END,
    CASE WHEN typnotnull THEN 'NOT NULL' END, 'DEFAULT ' || typdefault, (SELECT string_agg(pg_get_constraintdef(k.oid),
    ' ' ORDER BY conname) FROM pg_constraint k WHERE contypid = y.oid AND contype <> 'n')) FROM pg_type y
    JOIN pg_namespace n ON n.oid = typnamespace WHERE typtype = 'd' AND {{own}} AND NOT {_owned("pg_type", "y.oid")}
"""),
    _Part("class c", f"""
SELECT '', 'type ' || c.oid::regclass::text, (SELECT string_agg(concat_ws(' ', attname,
    format_type(atttypid, atttypmod), CASE WHEN attcollation NOT IN (0, 100) THEN 'COLLATE ' ||
    attcollation::regcollation::text END), ', ' ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) FROM pg_class c
    JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind = 'c' AND {{own}}
    AND NOT {_owned("pg_type", "reltype")}
"""),
    _Part("type r", f"""
SELECT '', 'type ' || y.oid::regtype::text, 'RANGE OF ' || format_type(rngsubtype, NULL) FROM pg_range
    JOIN pg_type y ON y.oid = rngtypid JOIN pg_namespace n ON n.oid = typnamespace WHERE y.oid >= 16384 AND {{own}}
    AND NOT {_owned("pg_type", "y.oid")}
"""),
    _Part("triggers of views", """
SELECT '', concat_ws(' ', 'trigger', tgname, 'of', tgrelid::regclass::text), pg_get_triggerdef(g.oid, true)
    || CASE tgenabled WHEN 'O' THEN '' ELSE ' enabled: ' || tgenabled::text END FROM pg_trigger g
    JOIN pg_class c ON c.oid = tgrelid JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind = 'v' AND NOT tgisinternal AND {own}
"""),
    _Part("inherited", """
SELECT name, 'parent ' || inhparent::regclass::text, coalesce(pg_get_expr(relpartbound, c.oid), 'INHERITS')
    FROM t JOIN pg_inherits ON inhrelid = t.oid JOIN pg_class c ON c.oid = t.oid
"""),
    _Part("triggers", """
SELECT name, 'foreign keys', 'disabled' FROM t WHERE EXISTS (SELECT FROM pg_trigger WHERE tgrelid = t.oid
    AND tgisinternal AND tgenabled <> 'O')
"""),
    _Part("storage", """
SELECT name, 'storage', concat_ws(' ', CASE relpersistence WHEN 'u' THEN 'UNLOGGED' END, CASE WHEN relreplident <> 'd'
    THEN 'REPLICA IDENTITY ' || relreplident::text END, settings) FROM t JOIN pg_class c ON c.oid = t.oid,
    LATERAL (SELECT string_agg(o, ', ' ORDER BY o) AS settings FROM unnest(reloptions) o WHERE o !~ 'autovacuum') s
    WHERE relpersistence <> 'p' OR relreplident <> 'd' OR settings IS NOT NULL
"""),
    _Part("security", """
SELECT name, 'row security', CASE WHEN relforcerowsecurity THEN 'forced' ELSE 'enabled' END FROM t
    JOIN pg_class c ON c.oid = t.oid WHERE relrowsecurity
"""),
    _Part("security", """
SELECT name, 'policy ' || polname, concat_ws(' ', polcmd, CASE WHEN NOT polpermissive THEN 'RESTRICTIVE' END,
    'TO ' || (SELECT string_agg(CASE r WHEN 0 THEN 'public' ELSE r::regrole::text END, ', ') FROM unnest(polroles) r),
    'USING ' || pg_get_expr(polqual, polrelid), 'CHECK ' || pg_get_expr(polwithcheck, polrelid))
    FROM t JOIN pg_policy ON polrelid = t.oid
"""),
]  # fmt: skip


def of_tables() -> str:
    """Return the query for a database's tables, what belongs to them, and enum types."""
    return _query(_OF_TABLES)


def beside_tables() -> str:
    """Return the query for views, functions, sequences, types and rules, and who may see which rows."""
    return _query(_BESIDE_TABLES)


def everything(kinds: str, schema: str | None) -> str:
    """Return the query for both, for what a database has by KINDS, or one schema that is first on its search_path."""
    parts = (part for part in (*_OF_TABLES, *_BESIDE_TABLES) if not part.kind or f"[{part.kind}]" in kinds)
    return _query(parts, schema)


def _query(parts: Iterable[_Part], schema: str | None = None) -> str:
    own = f"nspname = {quote_literal(schema)}" if schema else "nspname !~ '^(pg_|information_schema)'"
    return (_TABLES + "\nUNION ALL ".join(part.sql for part in parts)).format(own=own)
