"""Where employers are: the tree, its import, and the density of firms to win."""

import io
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

from app.accounts.models import User
from app.core.criteria.sentences import sentence
from app.core.db import db
from app.core.errors import DomainError
from app.core.permissions import Role
from app.employers.areas import services
from app.employers.areas.forms import AREAS
from app.employers.areas.models import Area, AreaKind
from app.employers.areas.queries import densities, tree
from app.employers.lists import count_employers, employer_fields
from app.employers.models import Employer, Stage
from app.employers.queries import place_name
from tests import spreadsheets
from tests.factories import create_branch, create_employer, create_user, sign_in
from tests.imports.test_services import applied, counts, undone

HEADER = ["区域代码", "区域名称", "区域类型", "上级代码"]
ROWS = [
    ["q1", "滨海区", "行政区", ""],
    ["J1", "滨河街道", "街道", "Q1"],
    ["Y1", "科技园", "园区", "J1"],
    ["L1", "创新大厦", "楼宇", "Y1"],
    ["J2", "中塘镇", "镇", "Q1"],
]


@pytest.fixture
def manager(app: Flask) -> User:
    return create_user(Role.MANAGER)


def area(code: str) -> Area:
    return db.session.scalars(select(Area).where(Area.code == code)).one()


def imported(folder: Path, manager: User, rows: list[list[str]]) -> tuple[int, int, int, int]:
    return counts(applied(spreadsheets.workbook(folder / "areas.xlsx", [HEADER, *rows]), manager, AREAS))


def test_a_file_makes_the_tree_and_the_same_file_again_changes_nothing(tmp_path: Path, manager: User) -> None:
    assert imported(tmp_path, manager, ROWS) == (5, 0, 0, 0)
    assert [one.name for one in tree()] == ["滨海区", "滨河街道", "科技园", "创新大厦", "中塘镇"]
    ids = [area(code).id for code in ("Q1", "J1", "Y1", "L1")]
    assert area("L1").path == "/" + "".join(f"{one}/" for one in ids)
    again = [["J1", "滨河街道", "街道", "Q1"], ["Y1", "科技园", "园区", "J2"], ["J9", "无上级", "街道", "Q9"]]
    wrong = [["Q2", "倒挂区", "行政区", "J1"], ["X1", "怪类型", "星球", "Q1"]]
    assert imported(tmp_path, manager, [*again, *wrong]) == (0, 1, 1, 3)
    assert area("L1").path.startswith(f"{area('J2').path}{area('Y1').id}/"), "all in a moved area moves along"


def test_undo_takes_the_tree_back_but_not_an_area_that_employers_are_in(
    tmp_path: Path, manager: User
) -> None:
    batch = applied(spreadsheets.workbook(tmp_path / "areas.xlsx", [HEADER, *ROWS]), manager, AREAS)
    create_employer(manager.branch, area_id=area("J2").id)
    batch = undone(batch)
    assert (batch.undone, batch.kept) == (3, 2)
    assert {one.code for one in tree()} == {"Q1", "J2"}


def test_density_counts_what_lies_inside_in_the_readers_reach_and_leads_to_the_rows(
    client: FlaskClient, tmp_path: Path, manager: User
) -> None:
    imported(tmp_path, manager, ROWS)
    building, street = area("L1").id, area("J1").id
    create_employer(manager.branch, area_id=building, stage=Stage.PROSPECT)
    create_employer(manager.branch, area_id=street, stage=Stage.REGISTERED)
    create_employer(manager.branch, area_id=street, stage=Stage.CONTRIBUTING)
    create_employer(manager.branch, area_id=street, stage=Stage.DISMISSED)
    create_employer(manager.branch, area_id=street, stage=Stage.PROSPECT, eligible=False)
    create_employer(create_branch(), area_id=building, stage=Stage.PROSPECT)
    create_employer(manager.branch, area="别处", stage=Stage.PROSPECT)
    found = {one.area.code: (one.to_win, one.won) for one in densities(manager)}
    assert found == {"Q1": (2, 1), "J1": (2, 1), "Y1": (1, 0), "L1": (1, 0), "J2": (0, 0)}

    sign_in(client, manager)
    page = client.get("/areas").text
    assert "1 家单位尚未归入区域" in page
    assert 'href="/areas/workbook"' in page
    cells = load_workbook(io.BytesIO(client.get("/areas/workbook").data)).active
    assert cells is not None
    lines = list(cells.iter_rows(values_only=True))
    assert ("J1", "滨河街道", "街道（镇）", 2, 2, 1, 2 / 3) in lines
    link = page.split(f"place.under={street}&amp;")[1].split('"')[0].replace("&amp;", "&")
    rows = client.get(f"/employers?place.under={street}&{link}").text
    assert rows.count("测试单位") >= 2
    densest = client.get("/areas?order=density").text
    assert "中塘镇" not in densest, "nobody is to be won there"
    assert densest.index("滨河街道") < densest.index("创新大厦")
    tree_of = {"match": "all", "rules": [{"field": "place", "op": "under", "value": [str(street)]}]}
    assert count_employers(tree_of, manager) == 5
    assert sentence(tree_of, employer_fields()) == "所属区域（街镇、园区、楼宇）为滨河街道（含下级）"


def test_employers_are_placed_by_a_name_that_only_one_area_has(
    client: FlaskClient, tmp_path: Path, manager: User
) -> None:
    imported(tmp_path, manager, [*ROWS, ["L2", "重名楼", "楼宇", "Y1"], ["L3", "重名楼", "楼宇", "J2"]])
    clear = create_employer(manager.branch, area="中塘镇")
    doubtful = create_employer(manager.branch, area="重名楼")
    settled = create_employer(manager.branch, area="中塘镇", area_id=area("L1").id)
    stamp = clear.updated_at
    sign_in(client, manager)
    assert "已按名称归入 1 家单位" in client.post("/areas/place", follow_redirects=True).text
    db.session.expire_all()
    assert (clear.area_id, doubtful.area_id, settled.area_id) == (area("J2").id, None, area("L1").id)
    assert clear.updated_at == stamp, "an import can still be taken back"
    assert place_name(settled) == "滨海区 滨河街道 科技园 创新大厦"
    assert "创新大厦" in client.get(f"/employers/{settled.id}").text


def test_the_tree_is_kept_by_leaders_and_refuses_what_is_no_tree(
    client: FlaskClient, tmp_path: Path, manager: User
) -> None:
    imported(tmp_path, manager, ROWS)
    street, building = area("J1"), area("L1")
    for kind, parent in ((AreaKind.DISTRICT, building), (AreaKind.STREET, area("J2"))):
        with pytest.raises(DomainError):
            services.change_area(street, "滨河街道", kind, parent, None)
        db.session.rollback()
    with pytest.raises(DomainError):
        services.change_area(area("Y1"), "科技园", AreaKind.BUILDING, area("J1"), None)
    db.session.rollback()
    sign_in(client, manager)
    form = {"code": "J1", "name": "重码街道", "kind": "street", "parent_id": str(area("Q1").id)}
    assert "已有代码为J1的区域" in client.post("/areas/new", data=form, follow_redirects=True).text
    assert client.post("/areas/new", data={**form, "code": "J3"}).status_code == 303
    assert area("J3").path == f"{area('Q1').path}{area('J3').id}/"

    park = str(area("Y1").id)
    ended = {"name": "创新大厦", "kind": "building", "parent_id": park, "valid_until": "2026-01-01"}
    here = create_employer(manager.branch, area_id=building.id)
    assert client.post(f"/areas/{building.id}", data=ended).status_code == 303
    assert f'value="{building.id}"' in client.get(f"/employers/{here.id}/edit").text
    other = create_employer(manager.branch)
    assert f'value="{building.id}"' not in client.get(f"/employers/{other.id}/edit").text

    sign_in(client, create_user(Role.SPECIALIST, branch=manager.branch))
    assert client.get("/areas").status_code == 200
    assert client.post("/areas/new", data=form).status_code == 403
    assert db.session.scalars(select(Employer.area_id).where(Employer.id == here.id)).one() == building.id
