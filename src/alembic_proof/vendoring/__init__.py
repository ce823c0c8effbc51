"""The library as a wheel in a project's ``vendor/``, until an index has it."""
