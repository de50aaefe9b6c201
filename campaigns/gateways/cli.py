"""`flask gateway`: run the simulator, see what it accepted, break it on purpose, teach codes."""

import json

import click
from flask.cli import AppGroup
from flask_babel import gettext as _

from app.config import current_settings
from app.core.db import db, writing
from campaigns.gateways import codes, registry, simulator
from campaigns.gateways.protocol import FailureClass
from campaigns.gateways.simulator_store import Store

group = AppGroup("gateway", help="The SMS gateway and its simulator.")


@group.command("simulator")
@click.option(
    "--callback", metavar="URL", help="Where receipts are pushed to; the product on this machine by default."
)
@click.option("--account", default=simulator.NAME, help="The account it plays, as its callbacks name it.")
def run_simulator(callback: str | None, account: str) -> None:
    """Run the simulated gateway until it is stopped."""
    settings = current_settings()
    try:
        server = simulator.Simulator(settings, callback, account)
    except OSError as error:
        raise click.ClickException(
            f"The gateway simulator cannot listen on port {settings.gateway_port} ({error.strerror}); "
            "set JINNUO_GATEWAY_PORT to a free one."
        ) from error
    server.run()


@group.command("log")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def log(as_json: bool) -> None:
    """What the simulator accepted, oldest first, whether it runs or not."""
    messages = _store().messages()
    if as_json:
        click.echo(json.dumps(messages, ensure_ascii=False, indent=1))
        return
    for message in messages:
        click.echo(f"{message['key']}  {message['phone']}  {message['outcome']:<9}  {message['text']}")
    click.echo(f"{len(messages)} accepted")


@group.command("faults")
@click.argument("settings", metavar="[NAME=VALUE]...", nargs=-1)
@click.option("--clear", is_flag=True, help="Back to a gateway that works, before anything is set.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def faults(settings: tuple[str, ...], clear: bool, as_json: bool) -> None:
    """Show or set what the simulator does wrong, for example: timeout_after_accept=2 receipts_twice=1."""
    if any("=" not in setting for setting in settings):
        raise click.ClickException(_("Write it as NAME=VALUE."))
    store = _store()
    if clear:
        store.clear_faults()
    try:
        store.set_faults(dict(setting.split("=", 1) for setting in settings))
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    now = vars(store.faults())
    click.echo(json.dumps(now) if as_json else "\n".join(f"{name}={value}" for name, value in now.items()))


@group.command("reply")
@click.argument("phone")
@click.argument("text")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def reply(phone: str, text: str, as_json: bool) -> None:
    """Let a phone answer by SMS; the running simulator passes it on. Prints the reply's id."""
    reply_id = _store().add_reply(phone, text)
    click.echo(json.dumps({"id": reply_id}) if as_json else reply_id)


@group.command("code")
@click.argument("code")
@click.argument("failure", type=click.Choice([str(failure) for failure in FailureClass]))
@click.option("--gateway", default=registry.BUILT_IN, show_default=True, help="Name of the gateway.")
@click.option("--note", default="", help="Why, for those who read the table later.")
def code(code: str, failure: str, gateway: str, note: str) -> None:
    """Say what a gateway's code means in this department."""
    with writing():
        codes.reclassify(gateway, code, FailureClass(failure), note)
        db.session.commit()


def _store() -> Store:
    return Store(simulator.store_path(current_settings()))
