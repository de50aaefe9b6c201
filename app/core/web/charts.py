"""Charts: pygal draws the shapes, `jinnuo.css` dresses them.

A pygal chart normally carries a style sheet, a script and style attributes, which a strict
Content-Security-Policy refuses. Here all three are taken out: colours come from the page's own style
sheet, so that charts need no nonce, arrive by htmx like any fragment, and follow the dark theme. Bars and
points link to the rows behind them, and each chart carries its figures for the table beside it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any
from unicodedata import east_asian_width
from xml.etree import ElementTree

import pygal
from markupsafe import Markup
from pygal.style import Style

from app.core.language.formats import NOTHING, number
from app.core.language.i18n import in_chinese

LABEL_SIZE = 12
WIDTH = 760
#: After this many series the colours repeat and nobody can tell them apart.
MOST_SERIES = 6

_STYLE = Style(label_font_size=LABEL_SIZE, major_label_font_size=LABEL_SIZE, value_font_size=LABEL_SIZE)

ElementTree.register_namespace("xlink", "http://www.w3.org/1999/xlink")


@dataclass(frozen=True)
class Point:
    """One figure; `url` leads to the rows behind it."""

    value: float | Decimal | None
    url: str | None = None


@dataclass(frozen=True)
class Series:
    """Figures under one name, one for each label of the chart."""

    name: str
    points: Sequence[Point]


@dataclass(frozen=True)
class Chart:
    """A drawn chart with its figures, for the macro `chart` (picture and table)."""

    title: str
    labels: Sequence[str]
    series: Sequence[Series]
    svg: Markup
    show: Callable[[float | Decimal | None], str] = number

    @property
    def empty(self) -> bool:
        """Nothing to see: no label, or no figure but zeros."""
        return not any(point.value for series in self.series for point in series.points)


Show = Callable[[float | Decimal | None], str]


def bar_chart(
    title: str,
    labels: Sequence[object],
    series: Sequence[Series],
    *,
    height: int = 260,
    stacked: bool = False,
    show: Show = number,
) -> Chart:
    """Upright bars, one group for each label; `show` turns a figure into text."""
    kind = pygal.StackedBar if stacked else pygal.Bar
    return _drawn(kind, title, labels, series, height, show)


def row_chart(
    title: str, labels: Sequence[object], series: Sequence[Series], *, show: Show = number
) -> Chart:
    """Lying bars, first label on top: for long names such as branches and people."""
    height = 46 + len(labels) * max(30, 17 * len(series) + 10)
    # pygal draws the first row at the bottom
    turned = [Series(one.name, list(reversed(one.points))) for one in series]
    drawn = _drawn(pygal.HorizontalBar, title, list(reversed(labels)), turned, height, show)
    return Chart(title, [str(label) for label in labels], series, drawn.svg, show)


def line_chart(
    title: str, labels: Sequence[object], series: Sequence[Series], *, height: int = 260, show: Show = number
) -> Chart:
    """Lines over time; a month without a figure leaves a gap."""
    return _drawn(pygal.Line, title, labels, series, height, show)


def _drawn(
    kind: Any, title: str, labels: Sequence[object], series: Sequence[Series], height: int, show: Show
) -> Chart:
    if len(series) > MOST_SERIES:
        raise ValueError(f"a chart tells at most {MOST_SERIES} series apart, not {len(series)}")
    names = [str(label) for label in labels]
    drawn = tuple(Series(one.name, tuple(one.points)) for one in series)
    return Chart(
        title, names, series, _picture(kind, title, tuple(names), drawn, height, show, in_chinese()), show
    )


def _counts(series: Sequence[Series]) -> bool:
    """Whether all figures are whole, as numbers of people and of employers are."""
    found = [point.value for one in series for point in one.points if point.value is not None]
    return all(value == int(value) for value in found)


@lru_cache(maxsize=256)
def _picture(
    kind: Any,
    title: str,
    names: tuple[str, ...],
    series: tuple[Series, ...],
    height: int,
    show: Show,
    _chinese: bool,
) -> Markup:
    """Drawn once while the figures stay the same, for all who look: pygal takes several milliseconds."""
    lying = kind is pygal.HorizontalBar
    graph = kind(
        style=_STYLE,
        css=[],
        js=[],
        width=WIDTH,
        height=height,
        margin=8,
        margin_top=18,
        margin_left=_label_room(names) if lying else None,
        show_legend=False,
        print_values=len(names) * len(series) <= 40 and kind is not pygal.Line,
        print_values_position="top",
        value_formatter=lambda value: NOTHING if value is None else show(_whole(value)),
        x_label_rotation=0 if lying or _fits(names) else 30,
        dots_size=2.5,
        max_scale=6,
        # nobody counts in halves
        order_min=0 if _counts(series) else None,
        include_x_axis=True,
        # pygal shortens a label that is wider than the room of one point, even where its neighbours are empty
        truncate_label=-1,
    )
    graph.x_labels = list(names)
    for one in series:
        graph.add(one.name, [_value(point) for point in one.points])
    return _dressed(graph.render_tree(), title, names, series, show)


def _value(point: Point) -> object:
    if point.value is None:
        return None
    plain = _whole(float(point.value))
    return {"value": plain, "xlink": {"href": point.url, "target": "_self"}} if point.url else plain


def _whole(value: float) -> float:
    """12 rather than 12.0, so that a count is shown as one."""
    return int(value) if value == int(value) else value


def _text_width(text: str) -> float:
    """Pixels at label size; pygal takes every sign for a narrow one, Chinese ones are twice as wide."""
    return sum(LABEL_SIZE if east_asian_width(sign) in "WF" else LABEL_SIZE * 0.58 for sign in text)


def _label_room(names: Sequence[str]) -> int:
    """The left margin that lying bars need beyond what pygal, which counts signs, leaves for their names."""
    widest = max((_text_width(name) for name in names), default=0)
    counted = max((len(name) for name in names), default=0) * LABEL_SIZE * 0.6
    return max(8, int(widest - counted) + 8)


def _fits(names: Sequence[str]) -> bool:
    return sum(_text_width(name) + 10 for name in names) < WIDTH - 60


def _dressed(
    root: ElementTree.Element, title: str, names: Sequence[str], series: Sequence[Series], show: Show
) -> Markup:
    """Take out what the policy refuses and what only pygal's script needs; name the picture and its parts."""
    for parent in list(root.iter()):
        for child in list(parent):
            if _unwanted(child):
                parent.remove(child)
    root.attrib.pop("id", None)
    root.set("class", "chart")
    root.set("role", "group")
    root.set("aria-label", title)
    _name_parts(root, names, series, show)
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # noqa: S704 built and escaped by ElementTree


def _unwanted(node: ElementTree.Element) -> bool:
    """Comments, definitions (style, script), generic titles and the script's tooltip layer."""
    # the tag of a comment is the function that made it
    return callable(node.tag) or node.tag in ("defs", "title") or "tooltip-overlay" in node.get("class", "")


def _name_parts(
    root: ElementTree.Element, names: Sequence[str], series: Sequence[Series], show: Show
) -> None:
    """Each bar or point gets a title that browsers show and screen readers speak."""
    for index, one in enumerate(series):
        drawn = [node for node in root.iter() if _is_series(node, index)]
        parts = [part for node in drawn for part in node.iter() if part.get("class", "") in {"bar", "dots"}]
        shown = [i for i, point in enumerate(one.points) if point.value is not None]
        for part, at in zip(parts, shown, strict=False):
            for parent in part.iter():
                for desc in parent.findall("desc"):
                    parent.remove(desc)
            text = f"{names[at]} · {one.name}: {show(one.points[at].value)}"
            link = part.find("a")
            target = part if link is None else link
            heading = ElementTree.Element("title")
            heading.text = text
            target.insert(0, heading)
            if link is not None:
                link.set("aria-label", text)


def _is_series(node: ElementTree.Element, index: int) -> bool:
    """The drawing layer of a series (the overlay layers repeat its class without its bars)."""
    return f"serie-{index} " in node.get("class", "") + " "
