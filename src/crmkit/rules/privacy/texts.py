"""What the reasons of erasures say: code → (English, Chinese)."""

from collections.abc import Mapping

__all__ = ["TEXTS"]

TEXTS: Mapping[str, tuple[str, str]] = {
    "privacy.personal": ("{count} records lose their personal data.", "{count} 条记录的个人信息将被清除。"),
    "privacy.values": (
        "{count} deals keep their amounts without the person.",
        "{count} 个商机仅保留金额，不含个人信息。",
    ),
    "privacy.key": ("{count} keys are deleted.", "{count} 个识别键将被删除。"),
    "privacy.held": ("{count} records are kept by a legal hold.", "{count} 条记录因法律保全而保留。"),
    "privacy.contract": ("{count} records are kept while a deal is open.", "{count} 条记录因商机未结束而保留。"),
    "privacy.younger": (
        "{count} records are kept, for a younger one is of the same person.",
        "{count} 条记录因同一人有较新的记录而保留。",
    ),
    "privacy.nobody": ("Nothing was found of this person.", "未找到此人的任何记录。"),
}
