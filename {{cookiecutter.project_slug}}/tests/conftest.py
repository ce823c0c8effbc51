{% include ["frameworks/" ~ cookiecutter.framework ~ "/conftest.py", "frameworks/conftest.py"] %}
