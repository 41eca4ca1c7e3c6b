"""What the reasons of the engine say: code → (English, Chinese)."""

from collections.abc import Mapping

__all__ = ["TEXTS"]

TEXTS: Mapping[str, tuple[str, str]] = {
    "residency.not_ours": (
        "The person lives in {region}, of which the policy does not speak.",
        "此人所在地区 {region} 不在策略范围内。",
    ),
    "residency.stays": ("The data stays at home ({region}).", "数据留在境内（{region}）。"),
    "residency.free": ("Data may go to {region} freely.", "数据可自由传输至 {region}。"),
    "residency.counted": (
        "{people} people this year, {sensitive} of them with sensitive data.",
        "本年度已出境 {people} 人，其中敏感个人信息 {sensitive} 人。",
    ),
    "residency.next": (
        "{instrument} is needed from {people} people on, or {sensitive} with sensitive data.",
        "达到 {people} 人或敏感个人信息 {sensitive} 人时需要 {instrument}。",
    ),
    "residency.covered": ("{instrument} is in place.", "已具备 {instrument}。"),
    "residency.needs": (
        "{instrument} is needed for so many, and is not in place.",
        "该数量需要 {instrument}，目前尚未具备。",
    ),
}
