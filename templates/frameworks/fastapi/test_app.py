"""The application starts on a database at the newest revision, and says that it is ready."""

from fastapi.testclient import TestClient


def test_it_starts_and_is_ready(client: TestClient) -> None:
    """It refuses to start otherwise."""
    with client:  # starts the application, and stops it
        assert client.get("/health/live").json() == {"status": "live"}
        assert client.get("/health/ready").json() == {"status": "ready"}
