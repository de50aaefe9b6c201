"""The Flask application of the house: Flask's own, with the template engine of the house."""

from flask import Flask

from app.core.engine import Engine


class Application(Flask):
    """What `create_app` makes."""

    jinja_environment = Engine
