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


def write_statement(file: Path, rows: int) -> None:
    """Writes October 2026's statement with a title row, shaped like the core system's."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("汇缴明细")
    sheet.append(["2026年10月单位缴存情况统计表"])
    sheet.append(HEADER)
    for number in range(rows):
        sheet.append(_row(number))
    book.save(file)


def _row(number: int) -> list[object]:
    behind = number % 37 == 0
    return [
        f"0301{number:08d}",
        f"示范第{number}号有限公司",
        credit_code(number),
        "01",
        "173",
        number % 400 + 1,
        number % 9,
        0.05 + number % 8 / 100,
        0.05 + number % 8 / 100,
        round((number % 400 + 1) * 512.4, 2),
        "202607" if behind else "202610",
        (5, 8, 10, 15, 20, 25, 28)[number % 7],
        f"经办{number % 5000}",
        f"199{number:08d}",
        ("滨河街道", "东港街道", "海兴街道")[number % 3],
    ]
