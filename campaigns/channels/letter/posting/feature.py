"""The manifest of what comes back from the post: its list, and scans of receipts."""

from app.core.features import Feature
from campaigns.channels.letter.posting.forms import POST
from campaigns.channels.letter.posting.views import blueprint

feature = Feature(name="letter_post", blueprint=blueprint, import_specs=(POST,))
