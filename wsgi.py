"""The WSGI application; `flask` finds it here too."""

from app import create_app

app = create_app()
