"""The manifest of the post office's list."""

from app.core.features import Feature
from campaigns.channels.letter.posting.forms import POST

feature = Feature(name="letter_post", import_specs=(POST,))
