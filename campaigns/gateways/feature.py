"""The gateways' manifest: a command group, the accounts, and what their codes mean."""

from flask import Flask
from flask_babel import lazy_gettext as _l

from app.core.features import Feature, NavItem
from campaigns.gateways.cli import group
from campaigns.gateways.policy import GRANTS, Permission
from campaigns.gateways.views import account_pages, blueprint, word_pages


def init(app: Flask) -> None:
    """Three kinds of page, three addresses."""
    app.register_blueprint(account_pages)
    app.register_blueprint(word_pages)


feature = Feature(
    name="gateways",
    blueprint=blueprint,
    init=init,
    cli=group,
    grants=GRANTS,
    navigation=(
        NavItem(
            _l("SMS accounts"),
            "gateway_accounts.index_accounts",
            Permission.ACCOUNTS_VIEW,
            "broadcast",
            "rules",
            69,
        ),
        NavItem(
            _l("Gateway codes"), "gateway_codes.index", Permission.CODES_VIEW, "broadcast-pin", "rules", 70
        ),
        NavItem(
            _l("Words gateways refuse"),
            "gateway_words.index_words",
            Permission.WORDS_VIEW,
            "slash-circle",
            "rules",
            71,
        ),
    ),
)
