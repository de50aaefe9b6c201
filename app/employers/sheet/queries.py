"""What stands on the sheet, in words, once for the page and the workbook."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext as _

from app.core.code_tables import label
from app.core.features import current_features
from app.core.language import formats
from app.core.language.i18n import translated
from app.core.rules.identifiers import RESIDENT_CARD
from app.employers.models import ACCOUNT_STATUS_LABELS, ROLE_LABELS, Employer, EmployerContact
from app.employers.profile.queries import flags_of, notes_of
from app.employers.queries import place_name

#: what fits on one page
MOST_CONTACTS, MOST_NOTES, LONGEST_SCOPE = 5, 3, 160


@dataclass(frozen=True)
class Item:
    """A box with its label; a wide one takes the whole line."""

    label: str
    value: str
    wide: bool = False


@dataclass(frozen=True)
class Section:
    title: str
    items: Sequence[Item]

    @property
    def lines(self) -> list[list[Item]]:
        """The boxes as they stand: two beside each other, or a wide one alone."""
        lines: list[list[Item]] = []
        for item in self.items:
            if item.wide or not lines or lines[-1][0].wide or len(lines[-1]) == 2:
                lines.append([item])
            else:
                lines[-1].append(item)
        return lines


def sheet_of(employer: Employer) -> list[Section]:
    """The sections of the sheet in the reader's language; telephone numbers masked."""
    return [
        Section(_("Unit information"), _unit(employer)),
        Section(_("Account information"), _account(employer)),
        Section(_("Contacts"), _people(employer.contacts)),
        Section(_("Care"), _care(employer)),
    ]


def _item(name: object, value: Any, *, wide: bool = False) -> Item:
    shown = value if isinstance(value, str) else formats.display(value)
    return Item(str(name), shown or formats.NOTHING, wide)


def _coded(name: object, table: str, code: str | None) -> Item:
    words = label(table, code)
    return _item(name, f"{words}（{code}）" if code and words != code else words)


def _said(value: str, source: str | None, day: date | None) -> str:
    """A fact with who said so and of which day it is."""
    proof = [part for part in (label("fact_source", source), formats.date(day) if day else "") if part]
    return f"{value}（{'，'.join(proof)}）" if value and proof else value


def _unit(employer: Employer) -> list[Item]:
    formerly = "、".join(former.name for former in employer.former_names)
    status = label("operating_status", employer.operating_status)
    heads = "" if employer.insured_heads is None else formats.number(employer.insured_heads)
    scope = employer.business_scope or ""
    return [
        _item(_("Employer name"), employer.name, wide=True),
        *([_item(_("Former name"), formerly, wide=True)] if formerly else []),
        _item(_("Unified social credit code"), employer.uscc),
        _item(_("Established on"), employer.established_on),
        _coded(_("Unit type"), "unit_type", employer.unit_type),
        _coded(_("Economic type"), "economic_type", employer.economic_type),
        _coded(_("Industry"), "industry", employer.industry),
        _item(_("Industry in words"), employer.industry_written),
        _coded(_("Affiliation"), "affiliation", employer.affiliation),
        _item(_("Registry type"), employer.registry_type),
        _item(_("Registered capital"), employer.registered_capital),
        _item(
            _("Operating status"),
            _said(status, employer.operating_status_source, employer.operating_status_as_of),
        ),
        _item(_("Insured employees"), _said(heads, employer.insured_source, employer.insured_as_of)),
        _item(_("Address"), employer.address, wide=True),
        _item(_("Street, park or building"), place_name(employer)),
        _item(_("Postal code"), employer.postal_code),
        _item(_("E-mail"), employer.email),
        _item(
            _("Pay day"), _("day %(day)s of the month", day=employer.pay_day) if employer.pay_day else None
        ),
        _item(_("Business scope"), scope[:LONGEST_SCOPE] + "…" * (len(scope) > LONGEST_SCOPE), wide=True),
    ]


def _account(employer: Employer) -> list[Item]:
    status = employer.account_status
    bank = " ".join(part for part in (label("bank", employer.bank_code), employer.bank_name) if part)
    closed = employer.account_closed_on
    reason = label("closing_reason", employer.account_closing_reason)
    return [
        _item(_("Account number"), employer.employer_account_no),
        _item(_("Account status"), f"{ACCOUNT_STATUS_LABELS[status]}（{status.value}）" if status else None),
        _item(_("Entrusted bank"), bank),
        _item(_("Account opened on"), employer.account_opened_on),
        _item(_("Contributing employees"), employer.heads),
        _item(_("Sealed employees"), employer.sealed_heads),
        _item(_("Employer rate"), formats.rate(employer.employer_rate)),
        _item(_("Employee rate"), formats.rate(employer.employee_rate)),
        _item(_("Monthly amount (yuan)"), formats.money(employer.monthly_amount)),
        _item(_("Account balance (yuan)"), formats.money(employer.account_balance)),
        _item(_("Paid through"), employer.paid_through),
        _item(_("Months in arrears"), employer.arrears_months),
        _item(_("First contribution month"), employer.first_contribution_month),
        _item(_("Online signing"), employer.online_signed_on),
        *([_item(_("Account closed on"), f"{formats.date(closed)} {reason}", wide=True)] if closed else []),
    ]


def _people(links: Iterable[EmployerContact]) -> list[Item]:
    present = [link for link in links if link.until is None][:MOST_CONTACTS]
    if not present:
        return [_item(_("Contacts"), _("Nobody is known yet."), wide=True)]
    return [_item(ROLE_LABELS[link.role], _person(link), wide=True) for link in present]


def _person(link: EmployerContact) -> str:
    person = link.contact
    numbers = [formats.masked_phone(number) for number in (person.mobile, person.landline) if number]
    state = (
        _("number out of use") if person.invalid_since else "" if person.verified_on else _("not verified")
    )
    paper = ""
    if person.id_number:
        paper = f"{label('id_type', person.id_type or RESIDENT_CARD)} {person.id_number.masked}"
    shown = (person.name, *numbers, state if person.mobile else "", paper)
    return "  ".join(part for part in shown if part)


def _care(employer: Employer) -> list[Item]:
    lifecycle = current_features().workflows.get("lifecycle")
    stage = lifecycle.state_of(employer).label if lifecycle else employer.stage.value
    flags = "；".join(
        f"{label('risk', flag.code)}（{formats.date(flag.since)}）" for flag in flags_of(employer.id)
    )
    owners = (employer.owner, employer.backup_owner, employer.first_contact_owner)
    owner, backup, first = (user.name if user else None for user in owners)
    obliged = formats.display(employer.eligible)
    if not employer.eligible:
        obliged += f"（{translated(employer.ineligible_reason or '')}）"
    return [
        _item(_("Branch"), employer.branch.name),
        _item(_("Stage"), f"{stage}（{formats.date(employer.stage_since)}）"),
        _item(_("Owner"), owner),
        _item(_("Backup owner"), backup),
        _item(_("First contacted by"), first),
        _item(_("Last contact"), employer.last_contact_on),
        _item(_("Is obliged to contribute"), obliged),
        _item(_("Risk flags"), flags),
        *(
            _item(
                _("Service note"), f"{note.body}（{formats.date(note.noted_on)} {note.by.name}）", wide=True
            )
            for note in notes_of(employer.id, MOST_NOTES)
        ),
    ]
