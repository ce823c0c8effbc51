"""An example with a foreign key and a named CHECK."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import Base

if TYPE_CHECKING:
    from .author import Author


class Book(Base):
    """What an author wrote."""

    __tablename__ = "book"
    # Give a CHECK a short name: the naming convention completes it to ck_book_pages_positive.
    __table_args__ = (CheckConstraint("pages > 0", name="pages_positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    pages: Mapped[int]

    author: Mapped[Author] = relationship(back_populates="books")
