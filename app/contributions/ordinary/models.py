"""The lines of a chunk, and those of them that are ordinary, while a statement is applied."""

from typing import cast

from sqlalchemy import Boolean, Column, Integer, String, Table, Text

from app.contributions.handlers import services as handlers
from app.contributions.policy import LENIENT
from app.contributions.queries import STATED, UNIT
from app.contributions.representatives import services as representatives
from app.core.db import EnumText
from app.core.importing.staging import STAGING
from app.core.personal.passing import PassingIdNumber
from app.employers.models import Employer, EmployerContact, Stage

EMPLOYERS = cast(Table, Employer.__table__)
ROLES = cast(Table, EmployerContact.__table__)

#: what the file says, and what follows from it: months in arrears, and the stage that the line proves
STAGED = Table(
    "staged_statement",
    STAGING,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("key", Text),
    Column("name", Text),
    Column("uscc", String(18)),
    *(Column(name, EMPLOYERS.c[name].type) for name in STATED),
    # what could not be read is as long as it was written
    *(Column(name, Text if name in LENIENT else EMPLOYERS.c[name].type) for name in UNIT),
    Column(representatives.NAME, Text),
    Column(representatives.TYPE, Text),
    Column(representatives.NUMBER, PassingIdNumber),
    Column(representatives.INDEX, String(80)),
    Column("unread", Boolean),
    Column("handler_name", Text),
    Column("handler_mobile", Text),
    Column(handlers.LANDLINE, Text),
    Column(handlers.PAPER.kind, Text),
    Column(handlers.PAPER.number, PassingIdNumber),
    #: by which a sealed number is found
    Column("handler_id_index", String(80)),
    Column("arrears_months", Integer),
    Column("target", EnumText(Stage)),
    prefixes=["TEMPORARY"],
)

#: a line's employer; `version` of its new fact, if any; `target`: the stage to which it moves, if any
ORDINARY = Table(
    "ordinary_statement",
    STAGING,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", Integer, nullable=False),
    Column("stage", EnumText(Stage), nullable=False),
    Column("unedited", Boolean, nullable=False),
    #: whether columns of the employer change
    Column("changes", Boolean, nullable=False),
    Column("version", Integer),
    Column("fact_id", Integer),
    #: the role of the legal representative, where the line says again who that is
    Column("role_id", Integer),
    Column("target", EnumText(Stage)),
    prefixes=["TEMPORARY"],
)
