"""Tests of a project's migrations: the pytest plug-in, and tests to import by name."""
