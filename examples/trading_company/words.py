"""The words that names, places and companies are made of: short lists of our own, nobody in particular."""

SURNAMES = {
    "王": "Wang", "李": "Li", "张": "Zhang", "刘": "Liu", "陈": "Chen", "杨": "Yang", "赵": "Zhao", "黄": "Huang",
    "周": "Zhou", "吴": "Wu", "徐": "Xu", "孙": "Sun", "胡": "Hu", "朱": "Zhu", "高": "Gao", "林": "Lin",
    "何": "He", "郭": "Guo", "马": "Ma", "罗": "Luo", "梁": "Liang", "宋": "Song", "郑": "Zheng", "谢": "Xie",
    "韩": "Han", "唐": "Tang", "冯": "Feng", "于": "Yu", "董": "Dong", "萧": "Xiao", "程": "Cheng", "曹": "Cao",
    "袁": "Yuan", "邓": "Deng", "许": "Xu", "傅": "Fu", "沈": "Shen", "曾": "Zeng", "彭": "Peng", "吕": "Lü",
    "单": "Shan", "仇": "Qiu", "解": "Xie", "任": "Ren", "欧阳": "Ouyang", "诸葛": "Zhuge", "上官": "Shangguan",
}  # fmt: skip

GIVEN = {
    "伟": "wei", "芳": "fang", "娜": "na", "敏": "min", "静": "jing", "丽": "li", "强": "qiang", "磊": "lei",
    "军": "jun", "洋": "yang", "勇": "yong", "艳": "yan", "杰": "jie", "娟": "juan", "涛": "tao", "明": "ming",
    "超": "chao", "秀": "xiu", "霞": "xia", "平": "ping", "刚": "gang", "桂": "gui", "英": "ying", "华": "hua",
    "玉": "yu", "兰": "lan", "红": "hong", "建": "jian", "国": "guo", "志": "zhi", "海": "hai", "燕": "yan",
    "云": "yun", "飞": "fei", "鹏": "peng", "宇": "yu", "浩": "hao", "凯": "kai", "健": "jian", "俊": "jun",
    "帆": "fan", "雪": "xue", "梅": "mei", "琳": "lin", "莹": "ying", "婷": "ting", "倩": "qian", "佳": "jia",
    "瑞": "rui", "晨": "chen", "辰": "chen", "子": "zi", "涵": "han", "轩": "xuan", "思": "si", "雨": "yu",
    "梦": "meng", "文": "wen", "博": "bo", "昊": "hao", "天": "tian", "一": "yi", "可": "ke", "欣": "xin",
}  # fmt: skip

MARKS = {
    "锦": "jin", "澜": "lan", "恒": "heng", "盛": "sheng", "泰": "tai", "隆": "long", "瑞": "rui", "祥": "xiang",
    "宏": "hong", "远": "yuan", "信": "xin", "达": "da", "鼎": "ding", "峰": "feng", "联": "lian", "创": "chuang",
    "华": "hua", "康": "kang", "嘉": "jia", "源": "yuan", "汇": "hui", "通": "tong", "腾": "teng", "越": "yue",
    "正": "zheng", "和": "he", "利": "li", "德": "de", "凯": "kai", "诚": "cheng", "亚": "ya", "欧": "ou",
    "东": "dong", "海": "hai", "晨": "chen", "曦": "xi", "启": "qi", "航": "hang", "卓": "zhuo", "众": "zhong",
    "博": "bo", "润": "run", "丰": "feng", "茂": "mao", "安": "an", "顺": "shun", "星": "xing", "辉": "hui",
    "云": "yun", "帆": "fan", "森": "sen", "墨": "mo", "拓": "tuo", "朗": "lang", "睿": "rui", "奥": "ao",
}  # fmt: skip

TRADES = (
    ("机电设备", "Electromechanical Equipment", 0), ("精密机械", "Precision Machinery", 0),
    ("五金制品", "Hardware", 0), ("阀门", "Valve", 0), ("电子科技", "Electronics Technology", 1),
    ("半导体材料", "Semiconductor Materials", 1), ("光电", "Optoelectronics", 1), ("智能科技", "Smart Technology", 1),
    ("纺织品", "Textile", 2), ("服饰", "Garment", 2), ("家居用品", "Homeware", 2), ("箱包", "Luggage", 2),
    ("化工", "Chemical", 3), ("新材料", "Advanced Materials", 3), ("塑料制品", "Plastics", 3),
    ("医疗器械", "Medical Devices", 4), ("生物科技", "Biotechnology", 4), ("食品", "Foods", 5), ("茶业", "Tea", 5),
    ("国际贸易", "International Trading", 6), ("进出口", "Import and Export", 6), ("供应链管理", "Supply Chain", 6),
    ("建筑装饰", "Building Decoration", 7), ("新能源", "New Energy", 7),
)  # fmt: skip
"""What a company makes or sells: Chinese, English, and its place in INDUSTRIES."""

INDUSTRIES = (
    ("机械", "机械制造", "Machinery", "machinery"),
    ("电子", "电子信息", "Electronics", "IT/Electronics"),
    ("纺织", "纺织服装", "Textiles", "Textile & Garment"),
    ("化工", "化工材料", "Chemicals", "chemical"),
    ("医疗", "医疗健康", "Healthcare", "Medical"),
    ("食品", "食品饮料", "Food", "Food & Beverage"),
    ("贸易", "外贸", "Trading", "import/export"),
    ("建筑", "建材能源", "Construction", "Building & Energy"),
)
"""Each industry as four systems spell it."""

CITIES = (
    ("浙江省", "杭州", "Hangzhou", "330100", "0571"), ("浙江省", "宁波", "Ningbo", "330200", "0574"),
    ("浙江省", "义乌", "Yiwu", "330782", "0579"), ("浙江省", "温州", "Wenzhou", "330300", "0577"),
    ("上海市", "上海", "Shanghai", "310100", "021"), ("江苏省", "苏州", "Suzhou", "320500", "0512"),
    ("江苏省", "南京", "Nanjing", "320100", "025"), ("江苏省", "无锡", "Wuxi", "320200", "0510"),
    ("广东省", "深圳", "Shenzhen", "440300", "0755"), ("广东省", "广州", "Guangzhou", "440100", "020"),
    ("广东省", "东莞", "Dongguan", "441900", "0769"), ("广东省", "佛山", "Foshan", "440600", "0757"),
    ("福建省", "福州", "Fuzhou", "350100", "0591"), ("山东省", "青岛", "Qingdao", "370200", "0532"),
    ("北京市", "北京", "Beijing", "110100", "010"), ("四川省", "成都", "Chengdu", "510100", "028"),
    ("湖北省", "武汉", "Wuhan", "420100", "027"), ("湖南省", "长沙", "Changsha", "430100", "0731"),
    ("陕西省", "西安", "Xi'an", "610100", "029"), ("重庆市", "重庆", "Chongqing", "500100", "023"),
)  # fmt: skip
"""Province, city, English, administrative code, area code."""

STREETS = (
    "文三路",
    "中山东路",
    "人民大道",
    "解放北路",
    "科技园南路",
    "滨江大道",
    "工业园三路",
    "建设路",
    "湖滨路",
    "创业街",
)
FORMS = ("有限公司", "有限公司", "有限公司", "有限公司", "有限责任公司", "股份有限公司", "（集团）有限公司")
FORM_VARIANTS = {
    "（集团）有限公司": ("(集团)有限公司", "集团有限公司", "集团"),
    "股份有限公司": ("股份公司", "（股份）有限公司", "股份有限 公司"),
    "有限责任公司": ("有限公司", "责任有限公司", ""),
    "有限公司": ("有限责任公司", "公司", "（有限公司）", ""),
}

FIRST_NAMES = (
    "Anna", "Ben", "Carla", "David", "Elena", "Felix", "Grace", "Henry", "Ines", "Jack", "Karin", "Liam", "Maria",
    "Noah", "Olivia", "Peter", "Rosa", "Sam", "Tina", "Victor", "Wendy", "Yusuf", "Zoe", "Amit", "Priya", "Omar",
)  # fmt: skip
LAST_NAMES = (
    "Adams", "Baker", "Costa", "Dahl", "Evans", "Fischer", "Garcia", "Hansen", "Ibrahim", "Jones", "Keller", "Lopez",
    "Miller", "Novak", "O'Brien", "Patel", "Quinn", "Rossi", "Schmidt", "Taylor", "Ueda", "Vogel", "Walker", "Young",
)  # fmt: skip
FOREIGN_MARKS = (
    "North", "Lake", "River", "Stone", "Oak", "Silver", "Harbor", "Summit", "Green", "Blue", "Iron", "Amber", "Cedar",
    "Falcon", "Polar", "Delta", "Crown", "Maple", "Orchid", "Granite",
)  # fmt: skip
FOREIGN_ENDS = ("gate", "view", "field", "ridge", "port", "bridge", "line", "point", "crest", "works", "way", "stone")
FOREIGN_TRADES = (
    ("Tools", 0), ("Machinery", 0), ("Electronics", 1), ("Lighting", 1), ("Apparel", 2), ("Home", 2), ("Chemicals", 3),
    ("Medical", 4), ("Foods", 5), ("Trading", 6), ("Imports", 6), ("Building Supplies", 7), ("Energy", 7),
)  # fmt: skip
COUNTRIES = {
    "US": (("LLC", "Inc.", "Corp."), ("New York", "Houston", "Chicago", "Seattle")),
    "GB": (("Ltd", "Limited", "PLC"), ("London", "Leeds", "Bristol")),
    "DE": (("GmbH", "GmbH & Co. KG", "AG"), ("Hamburg", "Köln", "München")),
}
FOREIGN_STREETS = ("High Street", "Market Road", "Station Way", "Mill Lane", "Dock Street")

TRADITIONAL = str.maketrans(
    "张刘陈杨赵黄吴孙马罗郑谢韩冯萧邓许吕单欧诸伟静丽强军艳涛华兰红国云飞鹏凯莹晨梦远达联创汇腾诚亚东启众润丰顺辉电设备"
    "机密阀门导体材料纺织饰业国际贸进应链筑装钢铁广厦岛汉长庆阳义宁温圳苏锡无莞责任团务医疗饮术",
    "張劉陳楊趙黃吳孫馬羅鄭謝韓馮蕭鄧許呂單歐諸偉靜麗強軍豔濤華蘭紅國雲飛鵬凱瑩晨夢遠達聯創匯騰誠亞東啟眾潤豐順輝電設備"
    "機密閥門導體材料紡織飾業國際貿進應鏈築裝鋼鐵廣廈島漢長慶陽義寧溫圳蘇錫無莞責任團務醫療飲術",
)
SOUND_ALIKE = {
    "伟": "炜", "芳": "方", "静": "靖", "敏": "闵", "杰": "洁", "涛": "韬", "明": "铭", "娟": "鹃", "平": "萍",
    "英": "瑛", "华": "桦", "云": "芸", "宇": "羽", "浩": "皓", "俊": "骏", "梅": "玫", "佳": "嘉", "晨": "辰",
    "锦": "金", "澜": "兰", "恒": "衡", "盛": "胜", "泰": "太", "瑞": "锐", "宏": "鸿", "信": "鑫", "鼎": "顶",
    "嘉": "佳", "源": "元", "汇": "惠", "越": "悦", "诚": "成", "启": "起", "航": "杭", "润": "闰", "辉": "晖",
    "徐": "许", "张": "章", "陈": "程", "吴": "武",
}  # fmt: skip
"""What somebody types who only heard the name."""
