"""The application starts on a database at the newest revision, and says that it is ready."""

from httpx2 import AsyncClient


async def test_it_is_ready(client: AsyncClient) -> None:
    """It refuses to start otherwise."""
    assert (await client.get("/health/live")).json() == {"status": "live"}
    assert (await client.get("/health/ready")).json() == {"status": "ready"}
