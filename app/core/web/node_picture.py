"""A picture of who is connected with whom: boxes in rows, lines between them, drawn as SVG by the server.

Like the charts it carries no style of its own: `jinnuo.css` dresses it (section 16.4), so that it needs no
nonce and follows the dark theme. Each box is a link with a spoken name; the page says the same in a table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import east_asian_width
from xml.etree import ElementTree

from markupsafe import Markup

WIDTH, HEIGHT, GAP, FALL = 176, 56, 20, 62
MARGIN = 8
#: what fits into a line of a box, in narrow signs
LINE = 22


@dataclass(frozen=True)
class Node:
    """A box; rows are counted from the top."""

    key: int
    label: str
    row: int
    url: str | None = None
    here: bool = False


@dataclass(frozen=True)
class Edge:
    """A line from one box to another, with its words; `past` draws it dashed."""

    source: int
    target: int
    label: str
    past: bool = False


def draw(title: str, nodes: Sequence[Node], edges: Sequence[Edge]) -> Markup:
    """The picture; rows are centred, boxes of a row stand in the order given."""
    places = _places(nodes)
    right = max((x for x, _y in places.values()), default=0) + WIDTH + MARGIN
    bottom = max((y for _x, y in places.values()), default=0) + HEIGHT + MARGIN
    root = ElementTree.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg", "class": "kinship", "viewBox": f"0 0 {right} {bottom}",
            "width": str(right), "height": str(bottom), "role": "group", "aria-label": title,
        },
    )  # fmt: skip
    for edge in edges:
        _line(root, edge, places)
    for node in nodes:
        _box(root, node, *places[node.key])
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # noqa: S704 built and escaped by ElementTree


def _places(nodes: Sequence[Node]) -> dict[int, tuple[int, int]]:
    rows: dict[int, list[Node]] = {}
    for node in nodes:
        rows.setdefault(node.row, []).append(node)
    widest = max((len(row) for row in rows.values()), default=0)
    found = {}
    for number, row in rows.items():
        left = MARGIN + (widest - len(row)) * (WIDTH + GAP) // 2
        for place, node in enumerate(row):
            found[node.key] = (left + place * (WIDTH + GAP), MARGIN + number * (HEIGHT + FALL))
    return found


def _line(root: ElementTree.Element, edge: Edge, places: dict[int, tuple[int, int]]) -> None:
    upper, lower = sorted((places[edge.source], places[edge.target]), key=lambda place: place[1])
    x1, x2 = (place[0] + WIDTH // 2 for place in (upper, lower))
    if upper[1] == lower[1]:
        y1 = y2 = upper[1] + HEIGHT // 2
    else:
        y1, y2 = upper[1] + HEIGHT, lower[1]
    group = ElementTree.SubElement(root, "g", {"class": "kin-line is-past" if edge.past else "kin-line"})
    ElementTree.SubElement(group, "path", {"d": f"M{x1} {y1}L{x2} {y2}"})
    # nearer to the lower box: lines of one row part there
    middle = {"x": str((x1 + 2 * x2) // 3), "y": str((y1 + 2 * y2) // 3 + 4), "text-anchor": "middle"}
    ElementTree.SubElement(group, "text", middle).text = edge.label


def _box(root: ElementTree.Element, node: Node, x: int, y: int) -> None:
    group = ElementTree.SubElement(root, "g", {"class": "kin is-here" if node.here else "kin"})
    parent = group
    if node.url:
        parent = ElementTree.SubElement(group, "a", {"href": node.url, "aria-label": node.label})
    ElementTree.SubElement(parent, "title").text = node.label
    box = {"x": str(x), "y": str(y), "width": str(WIDTH), "height": str(HEIGHT), "rx": "8"}
    ElementTree.SubElement(parent, "rect", box)
    lines = _lines(node.label)
    first = y + HEIGHT // 2 + 5 - (len(lines) - 1) * 9
    for number, line in enumerate(lines):
        at = {"x": str(x + WIDTH // 2), "y": str(first + number * 18), "text-anchor": "middle"}
        ElementTree.SubElement(parent, "text", at).text = line


def _lines(label: str) -> list[str]:
    """The label in at most two lines; what does not fit is told by the box's title."""
    lines, width = [""], 0
    for sign in label:
        wide = 2 if east_asian_width(sign) in "WF" else 1
        if width + wide > LINE:
            if len(lines) == 2:
                lines[1] = lines[1][:-1] + "…"
                break
            lines.append("")
            width = 0
        lines[-1] += sign
        width += wide
    return lines
