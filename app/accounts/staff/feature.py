"""The manifest of staff lists."""

from app.accounts.staff.forms import USERS
from app.core.features import Feature

feature = Feature(name="staff", import_specs=(USERS,))
