"""Pages of employers."""

from flask import Blueprint

blueprint = Blueprint("employers", __name__, url_prefix="/employers")
