"""The list of tasks, for those who lead and for looking back."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import joinedload

from app.accounts.lists import branch_field, user_field
from app.accounts.queries import name_of
from app.core.criteria.trees import Field, Kind, choices_of, rule
from app.core.db import among
from app.core.language.i18n import texts_saying, texts_unsaid
from app.core.links import url_if
from app.core.listing.page import Column, Empty, Link, ListPage, Quick
from app.employers.models import Employer
from app.employers.policy import Permission as EmployerPermission
from app.employers.search.queries import matching
from app.tasks.models import Task, TaskState
from app.tasks.policy import Permission
from app.tasks.queries import listed

STATE_LABELS = {
    TaskState.OPEN: _l("Open"),
    TaskState.DONE: _l("Done"),
    TaskState.CANCELLED: _l("Cancelled"),
}
STATE_TONES = {TaskState.OPEN: "active", TaskState.DONE: "good", TaskState.CANCELLED: "done"}
KIND_LABELS = {
    "next_step": _l("Next step"),
    "deadline": _l("Deadline of a stage"),
    "welcome": _l("New handler"),
    "verify_contact": _l("Verify a contact"),
    "visit_request": _l("Visit wanted"),
    "callback": _l("Call back"),
    "deferred_paper": _l("Paper to follow"),
    "record_opening": _l("Record an account opening"),
    "paper_reminder": _l("Remind of papers to follow"),
    "stuck": _l("Stuck while being taken on"),
    "ask_signing": _l("Ask about online signing"),
    "missing_file": _l("Missing file"),
    "closing_help": _l("Help to close an account"),
    "relief_reminder_1": _l("Relief ends"),
    "relief_reminder_2": _l("Relief ends"),
    "relief_reminder_3": _l("Relief ends"),
    "relief_instalment": _l("Instalment missed"),
    "relief_survey": _l("Survey of a key employer"),
    "relief_intent": _l("Help with relief"),
    "campaign_alarm": _l("Campaign paused by the system"),
    "letter_address": _l("Letter came back"),
    "letter_hand_over": _l("Hand a letter over"),
    "correction": _l("Check a correction"),
    "campaign_step": _l("Follow-up of a campaign"),
    "drive": _l("Drive"),
    "handover": _l("Hand-over"),
    "event_attendance": _l("Attendance of an event"),
    "day_gap": _l("End of day"),
    "dues_reminder": _l("Remind to pay a month"),
    "registered_change": _l("Change to be registered"),
    "rule_drafted": _l("Campaign drafted by a rule"),
    "rule_refused": _l("Rule that could not draft its campaign"),
    "other": _l("Other"),
}

_employer_name = select(Employer.name).where(Employer.id == Task.employer_id).scalar_subquery()
_open = select(Task.id).where(Task.employer_id == Employer.id, Task.state == TaskState.OPEN).exists()

#: what criteria over employers may ask of tasks
EMPLOYER_FIELDS = (
    Field(
        "open_task", _l("Has an open task"), Kind.BOOL, _open, group=_l("Care"), denied=_l("Has no open task")
    ),
    Field(
        "task_due_on",
        _l("Open task due on"),
        Kind.DATE,
        Task.due_on,
        within=lambda found: (
            select(Task.id)
            .where(Task.employer_id == Employer.id, Task.state == TaskState.OPEN, found)
            .exists()
        ),
        group=_l("Care"),
    ),
)


def _called(words: str) -> ColumnElement[bool]:
    """By what the reader sees as title: somebody's own words, or a text of the house in their language."""
    written = and_(Task.title.icontains(words, autoescape=True), ~among(Task.title, texts_unsaid(words)))
    return or_(written, among(Task.title, texts_saying(words)))


TASKS = ListPage(
    name="tasks",
    endpoint="tasks.index",
    title=_l("Tasks"),
    select=listed,
    key=Task.id,
    search=lambda text: or_(_called(text), Task.employer_id.in_(select(Employer.id).where(matching(text)))),
    search_hint=_l("Task, or employer's name, code or pinyin"),
    default={"match": "all", "rules": [rule("state", "in", ["open"])]},
    default_sort="due_on",
    fields=(
        Field("title", _l("Task"), Kind.SEARCH, _called),
        Field("state", _l("State"), Kind.CHOICE, Task.state, choices=choices_of(STATE_LABELS)),
        Field("due_on", _l("Due on"), Kind.DATE, Task.due_on),
        user_field("owner", _l("For"), Task.owner_id),
        branch_field("branch", _l("Branch"), Task.branch_id),
        Field("kind", _l("Kind"), Kind.CHOICE, Task.kind, choices=tuple(KIND_LABELS.items())),
        Field("closed_at", _l("Closed at"), Kind.MOMENT, Task.closed_at),
    ),
    columns=(
        Column(
            "title", _l("Task"), value=lambda row: row.sentence,
            link=lambda row: url_if("tasks.show", id=row.id),
        ),
        Column(
            "employer", _l("Employer"), value=lambda row: row.employer.name if row.employer else None,
            sort=_employer_name, options=(joinedload(Task.employer).load_only(Employer.id, Employer.name),),
        ),
        Column("due_on", _l("Due on"), sort=Task.due_on),
        Column(
            "owner", _l("For"), value=lambda row: row.owner.name if row.owner else None,
            options=(name_of(Task.owner),),
        ),
        Column(
            "state", _l("State"), sort=Task.state,
            badge=lambda row: (STATE_LABELS[row.state], STATE_TONES[row.state]),
        ),
        Column("kind", _l("Kind"), value=lambda row: KIND_LABELS.get(row.kind, row.kind), sort=Task.kind),
        Column("first_due_on", _l("First due on"), sort=Task.first_due_on, shown=False),
        Column("closed_at", _l("Closed at"), sort=Task.closed_at, falling=True, shown=False),
        Column("result", _l("Result"), sort=Task.result, shown=False),
    ),
    quick=(
        Quick("mine", _l("Mine"), (rule("owner", "is_me"),)),
        Quick("overdue", _l("Overdue"), (rule("due_on", "before_days_ago", "0"),)),
        Quick("unassigned", _l("Nobody's"), (rule("owner", "empty"),)),
    ),
    links=(Link(_l("New task"), "tasks.new", Permission.WORK, "plus-lg", "primary"),),
    empty=Empty(
        _l("Nothing is due"), _l("Tasks come from visits, deadlines and messages."), icon="check2-square"
    ),
    export_permission=EmployerPermission.EXPORT,
)  # fmt: skip
