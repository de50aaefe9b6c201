"""A form that a service refuses, shown again as it was filled in."""

from flask_wtf import FlaskForm

from app.core.db import db
from app.core.errors import DomainError


def tell(form: FlaskForm, refusal: DomainError) -> None:
    """Puts the message and all its reasons above the form."""
    form.form_errors.extend((refusal.message, *refusal.reasons))


def take_back(form: FlaskForm, refusal: DomainError) -> None:
    """The same, and what was written on the way to the refusal is undone: nobody types a long text twice."""
    db.session.rollback()
    tell(form, refusal)
