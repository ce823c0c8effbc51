"""The application starts on a database at the newest revision only, and says that it is ready."""

from httpx2 import AsyncClient


async def test_it_is_ready(client: AsyncClient) -> None:
    """It asks the database each time."""
    assert (await client.get("/health/live")).json() == {"status": "live"}
    assert (await client.get("/health/ready")).json() == {"status": "ready"}
