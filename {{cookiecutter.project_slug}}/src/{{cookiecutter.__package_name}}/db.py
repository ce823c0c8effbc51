{% include ["frameworks/" ~ cookiecutter.framework ~ "/db.py", "frameworks/db.py"] %}
