"""Random pairs of schemas, and what autogenerate makes of them: see __main__.py."""
