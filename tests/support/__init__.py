"""What the tests share: databases, projects that can be run and broken, and a laboratory for autogenerate."""
