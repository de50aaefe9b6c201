"""The accounts at providers, the texts filed there, what each gateway means by its codes, and its words."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.db import db
from app.core.errors import DomainError, NotFound
from app.core.permissions import requires
from campaigns.gateways import accounts, codes, registry, words
from campaigns.gateways.forms import AccountForm, CodeForm, FiledTextForm, NewAccountForm, WordForm
from campaigns.gateways.models import GatewayAccount
from campaigns.gateways.policy import Permission

blueprint = Blueprint("gateway_codes", __name__, url_prefix="/settings/gateway-codes")
word_pages = Blueprint("gateway_words", __name__, url_prefix="/settings/gateway-words")
account_pages = Blueprint("gateway_accounts", __name__, url_prefix="/settings/gateways")


def _chosen() -> str:
    name = request.values.get("gateway", "") or registry.names()[-1]
    if name not in registry.names():
        raise NotFound(_("There is no such gateway."))
    return name


@blueprint.get("")
@requires(Permission.CODES_VIEW)
def index() -> ResponseReturnValue:
    """Every code of one gateway that is known, those corrected here marked, and what each class does."""
    return _page(CodeForm(formdata=None, code=request.args.get("code", "")[:40]))


def _page(form: CodeForm) -> ResponseReturnValue:
    name = _chosen()
    page = render_template(
        "campaigns/gateways/codes.html",
        form=form,
        codes=codes.known(name),
        failures=codes.FAILURES,
        reactions=codes.REACTIONS,
        gateway=name,
        tabs=[
            {"label": label, "url": url_for(".index", gateway=one), "here": one == name}
            for one, label in registry.labels().items()
        ],
    )
    return page, 422 if form.errors else 200


@blueprint.post("")
@requires(Permission.CODES_EDIT)
def set_code() -> ResponseReturnValue:
    """Gives a code its meaning here, from the next receipt on."""
    form, name = CodeForm(), _chosen()
    if not form.validate_on_submit():
        return _page(form)
    codes.reclassify(name, (form.code.data or "").strip(), form.failure.data, form.note.data or "")
    db.session.commit()
    flash(_("Saved. It counts from the next receipt on."), "success")
    return redirect(url_for(".index", gateway=name), 303)


@blueprint.post("/forget")
@requires(Permission.CODES_EDIT)
def forget() -> ResponseReturnValue:
    """Takes a correction back."""
    name = _chosen()
    codes.forget(name, request.form.get("code", ""))
    db.session.commit()
    flash(_("The shipped meaning counts again."), "success")
    return redirect(url_for(".index", gateway=name), 303)


@account_pages.get("")
@requires(Permission.ACCOUNTS_VIEW)
def index_accounts() -> str:
    """Every account with its state; until there is one, messages go through the installation's gateway."""
    return render_template(
        "campaigns/gateways/accounts.html",
        accounts=registry.accounts(),
        kinds=registry.KINDS,
        built_in=registry.BUILT_IN_LABEL,
        form=NewAccountForm(formdata=None),
    )


@account_pages.route("/new/<kind>/<code>", methods=["GET", "POST"])
@requires(Permission.ACCOUNTS_EDIT)
def new(kind: str, code: str) -> ResponseReturnValue:
    """The rest of what an account of this kind must say."""
    if kind not in registry.KINDS:
        raise NotFound(_("There is no such gateway."))
    form = AccountForm.of(kind)()
    if form.validate_on_submit():
        try:
            accounts.enter(code, form.entry(kind))
        except DomainError as refusal:
            return _account_page(form, kind, code, refusal=refusal)
        return _saved(code)
    return _account_page(form, kind, code)


@account_pages.post("")
@requires(Permission.ACCOUNTS_EDIT)
def begin() -> ResponseReturnValue:
    """Of which kind, and under which code; then what that kind asks."""
    form = NewAccountForm()
    if not form.validate_on_submit():
        raise DomainError(_("Choose a kind and a code of 2 to 20 characters."))
    return redirect(url_for(".new", kind=form.kind.data, code=(form.code.data or "").strip()), 303)


@account_pages.get("/<code>")
@requires(Permission.ACCOUNTS_VIEW)
def show(code: str) -> ResponseReturnValue:
    """One account: how to reach it, its state, its addresses for the provider, the texts filed there."""
    account = accounts.find(code)
    form = AccountForm.of(account.kind)(formdata=None, obj=account)
    form.show(account)
    return _account_page(form, account.kind, code, account)


@account_pages.post("/<code>/change")
@requires(Permission.ACCOUNTS_EDIT)
def change(code: str) -> ResponseReturnValue:
    """Another name, pace, secret …"""
    account = accounts.find(code)
    form = AccountForm.of(account.kind)()
    if not form.validate_on_submit():
        return _account_page(form, account.kind, code, account)
    try:
        accounts.change(account, form.entry(account.kind))
    except DomainError as refusal:
        db.session.rollback()
        return _account_page(form, account.kind, code, accounts.find(code), refusal)
    return _saved(code)


@account_pages.post("/<code>/texts")
@requires(Permission.ACCOUNTS_EDIT)
def file_text(code: str) -> ResponseReturnValue:
    """The provider has approved a text."""
    form = FiledTextForm()
    if not form.validate_on_submit():
        raise DomainError(_("Enter the number that the provider gave the text, and the text itself."))
    accounts.file_text(accounts.find(code), form.number.data or "", form.text.data or "")
    return _saved(code)


@account_pages.post("/<code>/texts/remove")
@requires(Permission.ACCOUNTS_EDIT)
def remove_text(code: str) -> ResponseReturnValue:
    """The provider took an approval back."""
    accounts.remove_text(accounts.find(code), request.form.get("text", 0, type=int))
    return _saved(code)


def _saved(code: str) -> ResponseReturnValue:
    db.session.commit()
    flash(_("Saved."), "success")
    return redirect(url_for(".show", code=code), 303)


@word_pages.get("")
@requires(Permission.WORDS_VIEW)
def index_words() -> ResponseReturnValue:
    """The words that no text may hold."""
    return _words_page(WordForm(formdata=None))


@word_pages.post("/forbid")
@requires(Permission.WORDS_EDIT)
def forbid() -> ResponseReturnValue:
    """From now on no text with this word is submitted or approved."""
    form = WordForm()
    if not form.validate_on_submit():
        return _words_page(form)
    words.forbid(form.word.data or "", form.gateway.data or "", form.note.data or "")
    db.session.commit()
    flash(_("Saved."), "success")
    return redirect(url_for(".index_words"), 303)


@word_pages.post("/allow")
@requires(Permission.WORDS_EDIT)
def allow() -> ResponseReturnValue:
    """The gateways take the word."""
    words.allow(request.form.get("word", 0, type=int))
    db.session.commit()
    flash(_("Saved."), "success")
    return redirect(url_for(".index_words"), 303)


def _words_page(form: WordForm) -> ResponseReturnValue:
    page = {"form": form, "words": words.listed(), "gateways": registry.labels()}
    return render_template("campaigns/gateways/words.html", **page), 422 if form.errors else 200


def _account_page(
    form: AccountForm,
    kind: str,
    code: str,
    account: GatewayAccount | None = None,
    refusal: DomainError | None = None,
) -> ResponseReturnValue:
    page: dict[str, Any] = {"form": form, "kind": registry.KINDS[kind], "kind_name": kind, "code": code}
    page |= {"account": account, "refusal": refusal, "texts": [], "filing": FiledTextForm(formdata=None)}
    if account is not None:
        page["texts"] = accounts.filed_texts(account)
        page["token"] = "" if kind == "http" else accounts.callback_token(code)
    html = render_template("campaigns/gateways/account.html", **page)
    return html, 422 if refusal or form.errors else 200
