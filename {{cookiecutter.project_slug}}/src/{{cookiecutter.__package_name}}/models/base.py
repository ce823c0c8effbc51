"""The base class of every model."""

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """Every model inherits from this class; ``Base.metadata`` is what migrations are compared with."""

    # Databases name unnamed constraints each in its own way, or not at all, and what has no known name cannot be
    # altered or dropped by a migration. "N" names all columns: two constraints that begin with the same column
    # would otherwise have the same name. Changing this later renames every constraint.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
