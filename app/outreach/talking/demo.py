"""The scripts of the synthetic department, and who has rehearsed them."""

from datetime import timedelta

from sqlalchemy import select

from app.accounts.models import User, UserRole
from app.core.db import db
from app.core.demo import Demo
from app.core.permissions import Role
from app.outreach.talking.models import ScriptKind
from app.outreach.talking.services import Wording, add_script, log_rehearsal, write_version

A, S = ScriptKind.ANSWER, ScriptKind.SHEET
#: kind, title, situations, legal bases, text
SCRIPTS = (
    (
        A, "我们人少，不用交公积金吧？", ("opening", "policy"), ("register", "register_in_time"),
        "理解您的顾虑。缴存住房公积金与单位人数无关，一名职工也应当办理登记并开立账户。"
        "人少办理更快：资料齐全当天可以办结，我们可以上门帮您填表。",
    ),
    (
        A, "员工流动大，交了也白交。", ("opening", "policy"), ("hire", "end_of_employment"),
        "职工离职后账户可以封存或者转移，不会损失。稳定缴存也是招聘时的加分项。"
        "增减员可以在网上办事大厅办理，每月几分钟即可。",
    ),
    (
        A, "最近资金紧张，能不能先不交？", ("arrears", "relief", "difficulty"), ("remit_in_time",),
        "先听您说说困难在哪里。确有困难的，经职代会或者工会讨论通过，可以申请降低比例或者缓缴；"
        "在批准之前仍应按时缴存。我可以把需要的材料一次性列给您。",
    ),
    (
        A, "网上签约安全吗？", ("online_signing",), (),
        "签约只授权按您确认的清册扣款，每笔都有回执，随时可以解约。我们可以远程协助办理第一笔。",
    ),
    (
        S, "政策明白纸：单位缴存登记怎么办", ("opening", "employee_accounts"), ("register_in_time",),
        "一、什么时候办：设立之日起30日内登记，登记后20日内为职工开户。\n"
        "二、带什么：证照、登记表、经办人身份证件和授权书。\n三、在哪里办：网上办事大厅、服务柜台，或者预约上门。\n"
        "四、交多少：职工上一年度月平均工资乘以比例，单位和职工各一份，都归职工个人所有。",
    ),
)  # fmt: skip


def load(demo: Demo) -> None:
    query = select(User).join(UserRole).where(UserRole.role == Role.MANAGER).order_by(User.id)
    author = db.session.scalars(query.limit(1)).one()
    for number, (kind, title, situations, bases, text) in enumerate(SCRIPTS):
        script = add_script(kind, title, situations, Wording(text, bases, demo.today), author)
        if number % 2 == 0:
            write_version(script, Wording(f"{text}\n如有疑问请拨打12329。", bases, demo.today), author)
            day = demo.today - timedelta(days=3 + number)
            log_rehearsal(script, day, "陈静、刘洋、赵敏", "语气要再放缓，先问情况再讲政策。", author)
