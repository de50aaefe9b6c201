"""A statement of any size: synthetic employers with codes in district 000000."""

from pathlib import Path

from openpyxl import Workbook

from app.employers.demo import credit_code

HEADER = (
    "单位账号",
    "单位名称",
    "统一社会信用代码",
    "单位账户状态",
    "单位经济类型",
    "缴存人数",
    "封存人数",
    "单位缴存比例",
    "个人缴存比例",
    "月缴存额",
    "缴至年月",
    "发薪日",
    "经办人姓名",
    "经办人手机号",
    "所属街镇",
)


def write_statement(file: Path, rows: int, month: int = 9) -> None:
    """Writes the statement of a month of 2026 with a title row, shaped like the core system's.

    From one month to the next nearly all pay on, four of five change their heads and amounts,
    some fall behind or catch up, and a few have a new handler: the files of two ordinary months.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet("汇缴明细")
    sheet.append([f"2026年{month}月单位缴存情况统计表"])
    sheet.append(HEADER)
    for number in range(rows):
        sheet.append(_row(number, month))
    book.save(file)


def _row(number: int, month: int) -> list[object]:
    behind = (number + month) % 37 == 0
    heads = number % 400 + 1 + (month if number % 5 else 0)
    handler = number % 5000 + (month if number % 97 == 0 else 0)
    return [
        f"0301{number:08d}",
        f"示范第{number}号有限公司",
        credit_code(number),
        "01",
        "173",
        heads,
        number % 9,
        0.05 + number % 8 / 100,
        0.05 + number % 8 / 100,
        round(heads * 512.4, 2),
        f"2026{month - 3 if behind else month:02d}",
        (5, 8, 10, 15, 20, 25, 28)[number % 7],
        f"经办{handler}",
        f"199{number + handler - number % 5000:08d}",
        ("滨河街道", "东港街道", "海兴街道")[number % 3],
    ]
