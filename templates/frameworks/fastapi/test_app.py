"""The application starts on a database at the newest revision only, and says that it is ready."""

from fastapi.testclient import TestClient


def test_it_is_ready(client: TestClient) -> None:
    """It asks the database each time."""
    assert client.get("/health/live").json() == {"status": "live"}
    assert client.get("/health/ready").json() == {"status": "ready"}
