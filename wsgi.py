"""The WSGI application; `flask` finds it here too. Wrong settings are one sentence."""

import gc
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - the Python that is too old reads this too
    sys.exit("Jinnuo needs Python 3.11 or newer; this is %d.%d." % sys.version_info[:2])  # noqa: UP031

# What is imported stays: looking for garbage in it is a third of the start, and unshares pages after a fork.
gc.disable()

from app import create_app  # noqa: E402
from app.core.language.i18n import console_words  # noqa: E402
from app.environment import ConfigError, speaks_chinese  # noqa: E402

try:
    app = create_app()
except ConfigError as error:
    sys.exit(f"Error: {error.told(console_words(speaks_chinese()))}")

gc.freeze()
# A page makes some ten thousand objects and drops them all at its end: with Python's usual 700 every page is
# searched for garbage a dozen times over.
gc.set_threshold(10_000, 20, 20)
gc.enable()
