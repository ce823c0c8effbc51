"""{{ cookiecutter.__package_name }}: see README.md."""
