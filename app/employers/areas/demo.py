"""The tree of areas of the synthetic department."""

from random import Random

from sqlalchemy import select

from app.core.db import db
from app.core.demo import SEED, Demo
from app.employers.areas.models import AreaKind
from app.employers.areas.services import add_area, place_by_name
from app.employers.demo import AREAS
from app.employers.models import Employer

#: parks and buildings, by the street they are in
INSIDE = {
    "滨河街道": (("滨河科技园", ("创新大厦", "孵化楼")), ("滨河商务区", ("金融大厦",))),
    "东港街道": (("东港物流园", ()),),
    "中塘镇": (("中塘工业园", ("综合楼",)),),
}


def load(_demo: Demo) -> None:
    """Streets by name; some employers stand in a park or a building of their street."""
    district = add_area("Q01", "滨海示范区", AreaKind.DISTRICT, None)
    dice = Random(SEED)
    for number, name in enumerate(AREAS, start=1):
        street = add_area(f"J{number:02d}", name, AreaKind.STREET, district)
        inside: list[int] = []
        for park_number, (park_name, buildings) in enumerate(INSIDE.get(name, ()), start=1):
            park = add_area(f"{street.code}-Y{park_number}", park_name, AreaKind.PARK, street)
            inside.append(park.id)
            for floor, building in enumerate(buildings, start=1):
                made = add_area(f"{park.code}-L{floor}", building, AreaKind.BUILDING, park)
                inside.append(made.id)
        if inside:
            here = select(Employer).where(Employer.area == name).order_by(Employer.id)
            for employer in db.session.scalars(here):
                if dice.random() < 0.4:
                    employer.area_id = dice.choice(inside)
    db.session.flush()
    place_by_name()
