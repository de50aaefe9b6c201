"""`flask`, but of a statement nothing follows: no cases of arrears, no promises judged, no reminders settled.

What the import takes with all of that is compared with what it takes without.
"""

from flask.cli import main

from app.contributions.forms import STATEMENT
from app.core import signals

# the one spec is shared by all who import it, and frozen against accidents
object.__setattr__(STATEMENT, "finished", lambda _context: None)
signals.statement_recorded.receivers.clear()
signals.import_applied.receivers.clear()

main()
