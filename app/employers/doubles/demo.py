"""Two records of one handler in the synthetic department, so that the worklist shows something."""

from sqlalchemy import select

from app.core.db import db
from app.core.demo import Demo
from app.employers.doubles import services
from app.employers.models import Contact, ContactRole, EmployerContact

#: every so manieth handler stands there twice, and how many do
STEP, MOST = 60, 4


def load(_demo: Demo) -> None:
    handlers = select(EmployerContact).join(Contact).where(Contact.mobile.is_not(None))
    for number, link in enumerate(db.session.scalars(handlers.order_by(EmployerContact.id)).all()):
        if number % STEP == STEP // 2 and number // STEP < MOST:
            name = link.contact.name if number // STEP % 2 == 0 else f"{link.contact.name[0]}会计"
            again = Contact(name=name, mobile=link.contact.mobile)
            role = EmployerContact(employer_id=link.employer_id, contact=again, role=ContactRole.FINANCE)
            db.session.add(role)
    db.session.flush()
    services.refresh()
