"""What the data standard and the office ask of an employer, its codes as tables, places as a tree.

Columns are added plainly: SQLite would otherwise write the whole table of employers anew. The codes are those of
GB/T 12402, 12404, 4754-2017 and JGJ/T 320 and the department's own lists; administrators keep them up to date.

Revision ID: 0002
"""

from datetime import UTC, date, datetime

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

#: the day on which GB/T 4754-2017 came into force
INDUSTRY_SINCE = date(2017, 10, 1)

#: code, parent, Chinese, English
CODES = {
    "unit_type": (
        ("001", None, "国家机关", "State organ"),
        ("002", None, "国有企业", "State-owned enterprise"),
        ("003", None, "城镇集体企业", "Urban collective enterprise"),
        ("004", None, "外商投资企业", "Foreign-funded enterprise"),
        ("005", None, "城镇私营企业及其他城镇企业", "Urban private and other enterprise"),
        ("006", None, "民办非企业单位", "Private non-enterprise unit"),
        ("007", None, "其他", "Other"),
        ("008", None, "自由职业者", "Freelancer"),
        ("009", None, "个体工商户", "Individual business"),
        ("010", None, "事业单位", "Public institution"),
        ("011", None, "社会团体", "Social organisation"),
    ),
    "economic_type": (
        ("100", None, "内资", "Domestic"),
        ("110", "100", "国有全资", "Wholly state-owned"),
        ("120", "100", "集体全资", "Wholly collective"),
        ("130", "100", "股份合作", "Share co-operative"),
        ("140", "100", "联营", "Joint operation"),
        ("141", "140", "国有联营", "State-owned joint operation"),
        ("142", "140", "集体联营", "Collective joint operation"),
        ("143", "140", "国有与集体联营", "State and collective joint operation"),
        ("149", "140", "其他联营", "Other joint operation"),
        ("150", "100", "有限责任（公司）", "Limited liability company"),
        ("151", "150", "国有独资（公司）", "Wholly state-owned company"),
        ("159", "150", "其他有限责任（公司）", "Other limited liability company"),
        ("160", "100", "股份有限（公司）", "Joint-stock company"),
        ("170", "100", "私有", "Private"),
        ("171", "170", "私有独资", "Sole proprietorship"),
        ("172", "170", "私有合伙", "Partnership"),
        ("173", "170", "私营有限责任（公司）", "Private limited company"),
        ("174", "170", "私营股份有限（公司）", "Private joint-stock company"),
        ("175", "170", "个体经营", "Individual business"),
        ("179", "170", "其他私有", "Other private"),
        ("190", "100", "其他内资", "Other domestic"),
        ("200", None, "港澳台投资", "Hong Kong, Macao or Taiwan investment"),
        ("210", "200", "内地和港澳台合资", "Joint venture with Hong Kong, Macao or Taiwan"),
        ("220", "200", "内地和港澳台合作", "Co-operation with Hong Kong, Macao or Taiwan"),
        ("230", "200", "港澳台独资", "Wholly owned from Hong Kong, Macao or Taiwan"),
        ("240", "200", "港澳台投资股份有限（公司）", "Joint-stock with Hong Kong, Macao or Taiwan investment"),
        ("290", "200", "其他港澳台投资", "Other Hong Kong, Macao or Taiwan investment"),
        ("300", None, "国外投资", "Foreign investment"),
        ("310", "300", "中外合资", "Sino-foreign joint venture"),
        ("320", "300", "中外合作", "Sino-foreign co-operation"),
        ("330", "300", "外资", "Wholly foreign-owned"),
        ("340", "300", "国外投资股份有限（公司）", "Joint-stock with foreign investment"),
        ("390", "300", "其他国外投资", "Other foreign investment"),
        ("900", None, "其他", "Other"),
    ),
    "industry": (
        ("A", None, "农、林、牧、渔业", "Agriculture, forestry, animal husbandry and fishery"),
        ("01", "A", "农业", "Crop farming"),
        ("02", "A", "林业", "Forestry"),
        ("03", "A", "畜牧业", "Animal husbandry"),
        ("04", "A", "渔业", "Fishery"),
        ("05", "A", "农、林、牧、渔专业及辅助性活动", "Support activities for agriculture"),
        ("B", None, "采矿业", "Mining"),
        ("06", "B", "煤炭开采和洗选业", "Coal mining and washing"),
        ("07", "B", "石油和天然气开采业", "Oil and gas extraction"),
        ("08", "B", "黑色金属矿采选业", "Ferrous metal ore mining"),
        ("09", "B", "有色金属矿采选业", "Non-ferrous metal ore mining"),
        ("10", "B", "非金属矿采选业", "Non-metallic mineral mining"),
        ("11", "B", "开采专业及辅助性活动", "Support activities for mining"),
        ("12", "B", "其他采矿业", "Other mining"),
        ("C", None, "制造业", "Manufacturing"),
        ("13", "C", "农副食品加工业", "Processing of farm products"),
        ("14", "C", "食品制造业", "Food"),
        ("15", "C", "酒、饮料和精制茶制造业", "Alcohol, beverages and refined tea"),
        ("16", "C", "烟草制品业", "Tobacco"),
        ("17", "C", "纺织业", "Textiles"),
        ("18", "C", "纺织服装、服饰业", "Clothing"),
        ("19", "C", "皮革、毛皮、羽毛及其制品和制鞋业", "Leather, fur, feather and footwear"),
        ("20", "C", "木材加工和木、竹、藤、棕、草制品业", "Wood, bamboo, rattan and straw products"),
        ("21", "C", "家具制造业", "Furniture"),
        ("22", "C", "造纸和纸制品业", "Paper and paper products"),
        ("23", "C", "印刷和记录媒介复制业", "Printing and reproduction of media"),
        ("24", "C", "文教、工美、体育和娱乐用品制造业", "Stationery, crafts, sports and leisure goods"),
        ("25", "C", "石油、煤炭及其他燃料加工业", "Petroleum, coal and other fuel processing"),
        ("26", "C", "化学原料和化学制品制造业", "Chemical materials and products"),
        ("27", "C", "医药制造业", "Pharmaceuticals"),
        ("28", "C", "化学纤维制造业", "Chemical fibres"),
        ("29", "C", "橡胶和塑料制品业", "Rubber and plastics"),
        ("30", "C", "非金属矿物制品业", "Non-metallic mineral products"),
        ("31", "C", "黑色金属冶炼和压延加工业", "Ferrous metal smelting and rolling"),
        ("32", "C", "有色金属冶炼和压延加工业", "Non-ferrous metal smelting and rolling"),
        ("33", "C", "金属制品业", "Metal products"),
        ("34", "C", "通用设备制造业", "General machinery"),
        ("35", "C", "专用设备制造业", "Special machinery"),
        ("36", "C", "汽车制造业", "Motor vehicles"),
        ("37", "C", "铁路、船舶、航空航天和其他运输设备制造业", "Railway, ship, aerospace and other transport equipment"),
        ("38", "C", "电气机械和器材制造业", "Electrical machinery"),
        ("39", "C", "计算机、通信和其他电子设备制造业", "Computers, communication and other electronics"),
        ("40", "C", "仪器仪表制造业", "Instruments and meters"),
        ("41", "C", "其他制造业", "Other manufacturing"),
        ("42", "C", "废弃资源综合利用业", "Recycling of waste resources"),
        ("43", "C", "金属制品、机械和设备修理业", "Repair of metal products and machinery"),
        ("D", None, "电力、热力、燃气及水生产和供应业", "Power, heat, gas and water"),
        ("44", "D", "电力、热力生产和供应业", "Power and heat"),
        ("45", "D", "燃气生产和供应业", "Gas"),
        ("46", "D", "水的生产和供应业", "Water"),
        ("E", None, "建筑业", "Construction"),
        ("47", "E", "房屋建筑业", "Buildings"),
        ("48", "E", "土木工程建筑业", "Civil engineering"),
        ("49", "E", "建筑安装业", "Building installation"),
        ("50", "E", "建筑装饰、装修和其他建筑业", "Building decoration and other construction"),
        ("F", None, "批发和零售业", "Wholesale and retail"),
        ("51", "F", "批发业", "Wholesale"),
        ("52", "F", "零售业", "Retail"),
        ("G", None, "交通运输、仓储和邮政业", "Transport, storage and post"),
        ("53", "G", "铁路运输业", "Railway transport"),
        ("54", "G", "道路运输业", "Road transport"),
        ("55", "G", "水上运输业", "Water transport"),
        ("56", "G", "航空运输业", "Air transport"),
        ("57", "G", "管道运输业", "Pipeline transport"),
        ("58", "G", "多式联运和运输代理业", "Multimodal transport and agency"),
        ("59", "G", "装卸搬运和仓储业", "Handling and storage"),
        ("60", "G", "邮政业", "Post"),
        ("H", None, "住宿和餐饮业", "Hotels and catering"),
        ("61", "H", "住宿业", "Hotels"),
        ("62", "H", "餐饮业", "Catering"),
        ("I", None, "信息传输、软件和信息技术服务业", "Information technology"),
        ("63", "I", "电信、广播电视和卫星传输服务", "Telecommunication, broadcasting and satellite"),
        ("64", "I", "互联网和相关服务", "Internet services"),
        ("65", "I", "软件和信息技术服务业", "Software and information technology services"),
        ("J", None, "金融业", "Finance"),
        ("66", "J", "货币金融服务", "Monetary services"),
        ("67", "J", "资本市场服务", "Capital market services"),
        ("68", "J", "保险业", "Insurance"),
        ("69", "J", "其他金融业", "Other finance"),
        ("K", None, "房地产业", "Real estate"),
        ("70", "K", "房地产业", "Real estate"),
        ("L", None, "租赁和商务服务业", "Leasing and business services"),
        ("71", "L", "租赁业", "Leasing"),
        ("72", "L", "商务服务业", "Business services"),
        ("7263", "72", "劳务派遣服务", "Labour dispatch"),
        ("M", None, "科学研究和技术服务业", "Research and technical services"),
        ("73", "M", "研究和试验发展", "Research and development"),
        ("74", "M", "专业技术服务业", "Professional technical services"),
        ("75", "M", "科技推广和应用服务业", "Promotion and application of technology"),
        ("N", None, "水利、环境和公共设施管理业", "Water, environment and public facilities"),
        ("76", "N", "水利管理业", "Water management"),
        ("77", "N", "生态保护和环境治理业", "Ecological protection and environment"),
        ("78", "N", "公共设施管理业", "Public facilities"),
        ("79", "N", "土地管理业", "Land management"),
        ("O", None, "居民服务、修理和其他服务业", "Residents' services and repair"),
        ("80", "O", "居民服务业", "Residents' services"),
        ("81", "O", "机动车、电子产品和日用产品修理业", "Repair of vehicles, electronics and household goods"),
        ("82", "O", "其他服务业", "Other services"),
        ("P", None, "教育", "Education"),
        ("83", "P", "教育", "Education"),
        ("Q", None, "卫生和社会工作", "Health and social work"),
        ("84", "Q", "卫生", "Health"),
        ("85", "Q", "社会工作", "Social work"),
        ("R", None, "文化、体育和娱乐业", "Culture, sport and entertainment"),
        ("86", "R", "新闻和出版业", "News and publishing"),
        ("87", "R", "广播、电视、电影和录音制作业", "Broadcasting, film and sound recording"),
        ("88", "R", "文化艺术业", "Culture and art"),
        ("89", "R", "体育", "Sport"),
        ("90", "R", "娱乐业", "Entertainment"),
        ("S", None, "公共管理、社会保障和社会组织", "Public administration, social security and organisations"),
        ("91", "S", "中国共产党机关", "Organs of the Communist Party of China"),
        ("92", "S", "国家机构", "State institutions"),
        ("93", "S", "人民政协、民主党派", "Political consultative conference and democratic parties"),
        ("94", "S", "社会保障", "Social security"),
        ("95", "S", "群众团体、社会团体和其他成员组织", "Mass, social and other membership organisations"),
        ("96", "S", "基层群众自治组织及其他组织", "Grass-roots self-governing and other organisations"),
        ("T", None, "国际组织", "International organisations"),
        ("97", "T", "国际组织", "International organisations"),
    ),
    "affiliation": (
        ("10", None, "中央", "Central"),
        ("20", None, "省（自治区、直辖市）", "Province"),
        ("40", None, "市、地区", "City or prefecture"),
        ("50", None, "县", "County"),
        ("60", None, "街道、镇、乡", "Street, town or township"),
        ("61", "60", "街道", "Street"),
        ("62", "60", "镇", "Town"),
        ("63", "60", "乡", "Township"),
        ("70", None, "居民委员会、村民委员会", "Residents' or villagers' committee"),
        ("71", "70", "居民委员会", "Residents' committee"),
        ("72", "70", "村民委员会", "Villagers' committee"),
        ("90", None, "其他", "Other"),
    ),
    "operating_status": (
        ("01", None, "正常经营", "Operating"),
        ("02", None, "停业", "Suspended"),
        ("03", None, "经营异常", "Abnormal"),
        ("04", None, "吊销", "Revoked"),
        ("05", None, "注销", "Deregistered"),
    ),
    "fact_source": (
        ("01", None, "市场监管部门登记", "Business registry"),
        ("02", None, "社会保险部门", "Social insurance"),
        ("03", None, "税务部门", "Tax office"),
        ("04", None, "受托银行", "Entrusted bank"),
        ("05", None, "单位申报", "Declared by the employer"),
        ("06", None, "实地走访", "Visit"),
        ("07", None, "电话核实", "Telephone call"),
        ("08", None, "法院、破产管理人", "Court or bankruptcy administrator"),
        ("99", None, "其他", "Other"),
    ),
    "risk": (
        ("01", None, "长期欠缴", "Long in arrears"),
        ("02", None, "缴存人数明显少于参保人数", "Far fewer contributing than insured employees"),
        ("03", None, "经营异常或失信", "Abnormal operation or dishonesty on record"),
        ("04", None, "劳动争议、欠薪", "Labour dispute or unpaid wages"),
        ("05", None, "投诉举报较多", "Many complaints"),
        ("06", None, "拟搬迁或停业", "About to move or close"),
        ("07", None, "疑似空壳、无法联系", "Shell company, or cannot be reached"),
        ("08", None, "劳务派遣用工较多", "Many dispatched workers"),
        ("99", None, "其他", "Other"),
    ),
    "closing_reason": (
        ("01", None, "撤销", "Revocation"),
        ("02", None, "解散", "Dissolution"),
        ("03", None, "破产", "Bankruptcy"),
        ("04", None, "合并", "Merger"),
        ("05", None, "分立", "Division"),
        ("99", None, "其他", "Other"),
    ),
    "bank": (
        ("102", None, "中国工商银行", "Industrial and Commercial Bank of China"),
        ("103", None, "中国农业银行", "Agricultural Bank of China"),
        ("104", None, "中国银行", "Bank of China"),
        ("105", None, "中国建设银行", "China Construction Bank"),
        ("301", None, "交通银行", "Bank of Communications"),
        ("308", None, "招商银行", "China Merchants Bank"),
        ("403", None, "中国邮政储蓄银行", "Postal Savings Bank of China"),
    ),
    "id_type": (
        ("01", None, "居民身份证", "Resident identity card"),
        ("02", None, "军官证", "Officer's card"),
        ("03", None, "护照", "Passport"),
        ("04", None, "外国人永久居留证", "Foreigner's permanent residence card"),
        ("99", None, "其他", "Other"),
    ),
}

def upgrade():
    _create_areas()
    _create_codes()
    _create_notes()
    for column in _added():
        op.add_column("employers", column)
    place = sa.ForeignKey("areas.id", name="fk_employers_area_id")
    op.add_column("employers", sa.Column("area_id", sa.Integer(), place), inline_references=True)
    op.create_index("ix_employers_area_id", "employers", ["area_id"])


def downgrade():
    op.drop_index("ix_employers_area_id", "employers")
    op.drop_column("employers", "area_id")
    for column in reversed(_added()):
        op.drop_column("employers", column.name)
    for table in ("risk_flags", "service_notes", "code_values", "areas"):
        op.drop_table(table)


def _added():
    return [
        sa.Column("unit_type", sa.String(length=3)),
        sa.Column("operating_status", sa.String(length=2)),
        sa.Column("operating_status_source", sa.String(length=2)),
        sa.Column("operating_status_as_of", sa.Date()),
        sa.Column("insured_source", sa.String(length=2)),
        sa.Column("account_closed_on", sa.Date()),
        sa.Column("account_closing_reason", sa.String(length=2)),
        sa.Column("account_balance", sa.BigInteger()),
        sa.Column("bank_code", sa.String(length=3)),
        sa.Column("bank_name", sa.String(length=255)),
    ]


def _stamps():
    names = ("created_at", "updated_at")
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in names]


def _create_areas():
    op.create_table(
        "areas",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("parent_id", sa.Integer()),
        sa.Column("path", sa.String(length=120), nullable=False),
        sa.Column("valid_until", sa.Date()),
        *_stamps(),
        sa.ForeignKeyConstraint(["parent_id"], ["areas.id"], name=op.f("fk_areas_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_areas")),
        sa.UniqueConstraint("code", name=op.f("uq_areas_code")),
    )
    op.create_index("ix_areas_parent_id", "areas", ["parent_id"])
    op.create_index("ix_areas_path", "areas", ["path"])


def _create_codes():
    table = op.create_table(
        "code_values",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code_table", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("label_zh", sa.String(length=120), nullable=False),
        sa.Column("label_en", sa.String(length=120), nullable=False),
        sa.Column("parent_code", sa.String(length=20)),
        sa.Column("valid_from", sa.Date()),
        sa.Column("valid_until", sa.Date()),
        sa.Column("sort", sa.Integer(), nullable=False),
        *_stamps(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_values")),
        sa.UniqueConstraint("code_table", "code", name=op.f("uq_code_values_code_table_code")),
    )
    moment = datetime.now(UTC)
    op.bulk_insert(table, [{**row, "created_at": moment, "updated_at": moment} for row in seeds()])


def seeds():
    """The codes that an empty department begins with, as rows."""
    return [
        {
            "code_table": table,
            "code": code,
            "label_zh": chinese,
            "label_en": english,
            "parent_code": parent,
            "valid_from": INDUSTRY_SINCE if table == "industry" else None,
            "valid_until": None,
            "sort": 10 * place,
        }
        for table, rows in CODES.items()
        for place, (code, parent, chinese, english) in enumerate(rows, start=1)
    ]


def _create_notes():
    op.create_table(
        "service_notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=False),
        sa.Column("noted_on", sa.Date(), nullable=False),
        sa.Column("body", sa.String(length=1000), nullable=False),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        *_stamps(),
        _of_employer("service_notes"),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_service_notes_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_notes")),
    )
    op.create_index("ix_service_notes_employer", "service_notes", ["employer_id", "noted_on"])
    op.create_table(
        "risk_flags",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=2), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date()),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("ended_by_id", sa.Integer()),
        sa.Column("ending", sa.Text(), nullable=False),
        *_stamps(),
        _of_employer("risk_flags"),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_risk_flags_by_id")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["users.id"], name=op.f("fk_risk_flags_ended_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_flags")),
    )
    op.create_index("ix_risk_flags_employer", "risk_flags", ["employer_id", "until"])
    op.create_index("ix_risk_flags_code", "risk_flags", ["code", "until"])


def _of_employer(table):
    name = op.f(f"fk_{table}_employer_id")
    return sa.ForeignKeyConstraint(["employer_id"], ["employers.id"], name=name, ondelete="CASCADE")
