"""Every macro on one page, with made-up figures, so that the look is judged and changed in one place."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask, render_template
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from app.core.clock import now, today
from app.core.forms.choices import offered
from app.core.periods import Period
from app.core.permissions import public
from app.core.web.charts import Chart, Point, Series, bar_chart, line_chart, row_chart
from app.core.workflow.engine import Option, Transition

TEAMS = ("滨河服务部", "东港服务部", "北苑服务部", "南湖服务部")


@dataclass(frozen=True)
class _Process:
    """As much of a workflow as the macro looks at."""

    name: str = "sample"


class _VisitForm(FlaskForm):  # type: ignore[misc]
    person = StringField("受访人", [DataRequired("请填写受访人。")])
    on = DateField("日期", [DataRequired()], default=today)
    way = SelectField(
        "方式",
        choices=offered([("visit", "上门走访"), ("call", "电话")]),
        description="来访请另行登记。",
    )
    result = RadioField("结果", choices=offered([("met", "已见面"), ("missed", "未见面")]), default="met")
    note = TextAreaField("情况记录", [Length(max=500)])
    follow = BooleanField("需要后续跟进")


def add_page(app: Flask) -> None:
    """Serve the page at /styleguide; for developers and tests only."""
    app.add_url_rule("/styleguide", "styleguide", public(_page))


def _page() -> str:
    form = _VisitForm()
    form.validate()
    return render_template("shared/styleguide.html", form=form, workflow=_Process(), **_samples())


def _samples() -> dict[str, Any]:
    day = today()
    return {
        "today": day,
        "overdue": day - timedelta(days=3),
        "later": day + timedelta(days=6),
        "now": now(),
        "period": Period(2022, 9),
        "options": [
            Option(Transition("sign", "办理网缴签约", (), "", None), ()),
            Option(Transition("seal", "办理封存", (), "", None), ()),
            Option(
                Transition("close", "申请销户", (), "", None),
                ("还有 2 个月未缴清：2022年7月、2022年8月。", "销户申请材料未收齐。"),
            ),
        ],
        "charts": _charts(),
    }


def _charts() -> list[Chart]:
    months = [f"{month}月" for month in range(1, 13)]
    opened = [Point(value, "/styleguide") for value in (37, 21, 18, 9)]
    return [
        row_chart(
            "本月新开户",
            TEAMS,
            [Series("完成", opened), Series("目标", [Point(v) for v in (45, 20, 20, 12)])],
        ),
        bar_chart("按月新开户", months, [Series("新开户", [Point(20 + i * 3 % 17) for i in range(12)])]),
        line_chart(
            "正常缴存单位比例(%)",
            months,
            [
                Series("全部", [Point(80 + i * 3 % 7) for i in range(12)]),
                Series("本部", [Point(78 + i * 5 % 9) for i in range(12)]),
            ],
        ),
    ]
