{% include ["frameworks/" ~ cookiecutter.framework ~ "/test_models.py", "frameworks/test_models.py"] %}
