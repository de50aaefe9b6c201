"""Notes, flags and codes of the synthetic department, so that its profiles show something."""

from datetime import timedelta
from random import Random

from sqlalchemy import func, select

from app.core.db import db
from app.core.demo import SEED, Demo
from app.employers.demo import FAMILY, GIVEN
from app.employers.models import Contact, ContactRole, Employer, EmployerContact, Stage
from app.employers.profile import services
from app.employers.search.services import reindex

NOTES = (
    "财务每月10日左右外出，电话请在上午打。",
    "单位在二号楼三层，门卫处登记后由人事来接。",
    "已说明网厅办理流程，下次可直接引导线上办理。",
    "法定代表人变更正在办理，材料齐后提醒变更登记。",
    "职工多为外勤，集中宣讲宜安排在月初例会。",
)
FLAGS = (("02", "参保人数与缴存人数相差较大，已约上门核实。"), ("06", "租期将满，正在另寻厂址。"))
UNIT_TYPES = {"110": "002", "120": "003", "151": "002", "310": "004", "330": "004"}
#: a division of each section of GB/T 4754 that the employers are of
DIVISIONS = {
    "B": "11", "C": "34", "E": "49", "F": "51", "G": "54",
    "H": "62", "I": "65", "L": "72", "N": "77", "P": "83",
}  # fmt: skip
#: affiliation (GB/T 12404) of those whom the state owns, wholly or by a company; of the others it is 90
OWNED_BY_STATE, AFFILIATIONS = ("110", "151"), ("10", "20", "40", "50")
POSTAL_CODES = ("300270", "300272", "300280")
BANKS = (("105", "滨河支行"), ("102", "东港支行"), ("103", "中塘支行"))


def load(demo: Demo) -> None:
    """Draws from its own dice: what the other parts make stays the same."""
    dice = Random(SEED)
    query = select(Employer).where(Employer.owner_id.is_not(None)).order_by(Employer.id)
    for employer in db.session.scalars(query):
        _describe(employer, demo, dice)
        if dice.random() < 0.12:
            day = demo.today - timedelta(days=dice.randrange(2, 300))
            assert employer.owner is not None  # noqa: S101 - the query asks for it
            services.write_note(employer, dice.choice(NOTES), day, dice.random() < 0.3, employer.owner)
        if employer.arrears_months >= 3 and employer.owner:
            since = demo.today - timedelta(days=30 * (employer.arrears_months - 2))
            services.raise_flag(employer, "01", since, "多次催告后仍未补缴。", employer.owner)
        elif employer.owner and dice.random() < 0.02:
            code, why = dice.choice(FLAGS)
            day = demo.today - timedelta(days=dice.randrange(5, 120))
            services.raise_flag(employer, code, day, why, employer.owner)
    db.session.flush()
    _load_unit_information()
    _load_backups()
    services.refresh_quality(1, db.session.scalar(select(func.max(Employer.id))) or 0)


def _load_backups() -> None:
    """Most employers have the next specialist of the branch as backup (A/B 角)."""
    dice = Random(SEED + 2)
    query = select(Employer).where(Employer.owner_id.is_not(None)).order_by(Employer.id)
    employers = db.session.scalars(query).all()
    teams: dict[int, list[int]] = {}
    for employer in employers:
        team = teams.setdefault(employer.branch_id, [])
        if employer.owner_id is not None and employer.owner_id not in team:
            team.append(employer.owner_id)
    for employer in employers:
        team = sorted(teams[employer.branch_id])
        if len(team) > 1 and employer.owner_id is not None and dice.random() < 0.8:
            employer.backup_owner_id = team[(team.index(employer.owner_id) + 1) % len(team)]
    db.session.flush()


def _load_unit_information() -> None:
    """What the unit information of JGJ/T 320 has beside; drawn apart, so that all else stays the same."""
    dice = Random(SEED + 1)
    query = select(Employer).where(Employer.employer_account_no.is_not(None)).order_by(Employer.id)
    employers = db.session.scalars(query).all()
    for employer in employers:
        by_state = employer.economic_type in OWNED_BY_STATE
        employer.affiliation = dice.choice(AFFILIATIONS) if by_state else "90"
        employer.industry = DIVISIONS.get(employer.industry or "", employer.industry)
        employer.postal_code = dice.choice(POSTAL_CODES) if dice.random() < 0.9 else None
        employer.email = f"unit{employer.id:04d}@example.com" if dice.random() < 0.7 else None
        if dice.random() < 0.9:
            name = dice.choice(FAMILY) + "".join(dice.sample(GIVEN, 2))
            role = EmployerContact(role=ContactRole.LEGAL_REP, since=employer.established_on)
            role.contact, role.employer_id = Contact(name=name), employer.id
            db.session.add(role)
    db.session.flush()
    reindex([employer.id for employer in employers])


def _describe(employer: Employer, demo: Demo, dice: Random) -> None:
    """Codes and dated facts, with the gaps that real records have."""
    employer.unit_type = UNIT_TYPES.get(employer.economic_type or "", "005")
    if dice.random() < 0.85:
        over = employer.stage in (Stage.CLOSED, Stage.CLOSING)
        status = "05" if over else "03" if dice.random() < 0.03 else "01"
        source, days = dice.choice(("01", "06", "07")), dice.randrange(10, 500)
        # firms that are gone by then stay so
        if employer.operating_status is None:
            employer.operating_status, employer.operating_status_source = status, source
            employer.operating_status_as_of = demo.today - timedelta(days=days)
    if employer.insured_heads is None and employer.heads and dice.random() < 0.8:
        employer.insured_heads = employer.heads + dice.randrange(0, max(2, employer.heads // 8))
    if employer.insured_heads is not None:
        employer.insured_source = "02"
        employer.insured_as_of = demo.today - timedelta(days=dice.randrange(20, 420))
    if employer.employer_account_no:
        employer.bank_code, employer.bank_name = dice.choice(BANKS)
