"""The models work on the tables that the migrations make. Replace the example's test with your own."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from {{ cookiecutter.__package_name }}.models.author import Author
from {{ cookiecutter.__package_name }}.models.book import Book


async def test_a_book_is_found_by_its_author(session: AsyncSession) -> None:
    """What is saved is found, with what the database has set."""
    session.add(Author(name="한강", books=[Book(title="채식주의자", pages=247)]))
    await session.commit()
    session.expunge_all()
    query = select(Book).join(Author).where(Author.name == "한강").options(joinedload(Book.author))
    book = (await session.scalars(query)).one()
    assert (book.title, book.author.created_at is not None) == ("채식주의자", True)
