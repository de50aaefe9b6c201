"""The WSGI application; `flask` finds it here too. Wrong settings are one sentence."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - the Python that is too old reads this too
    sys.exit("Jinnuo needs Python 3.11 or newer; this is %d.%d." % sys.version_info[:2])  # noqa: UP031

from app import create_app
from app.config import ConfigError

try:
    app = create_app()
except ConfigError as error:
    sys.exit(f"Error: {error}")
