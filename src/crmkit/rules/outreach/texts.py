"""What the reasons of the gate say: code → (English, Chinese)."""

from collections.abc import Mapping

__all__ = ["TEXTS"]

TEXTS: Mapping[str, tuple[str, str]] = {
    "outreach.allowed": (
        "May go by {channel} for {purpose} (ground: {ground}).",
        "可以 {purpose} 为目的通过 {channel} 发送（依据：{ground}）。",
    ),
    "outreach.unknown_channel": ("The policy has no channel {channel}.", "策略中没有渠道 {channel}。"),
    "outreach.unknown_purpose": ("The policy has no purpose {purpose}.", "策略中没有目的 {purpose}。"),
    "outreach.unreachable": ("There is no such address to use for {channel}.", "没有可用于 {channel} 的地址。"),
    "outreach.opted_out": ("The address is not to be used ({channel}).", "该地址已标记为不可使用（{channel}）。"),
    "outreach.suppressed": ("The person was erased.", "此人的信息已被删除，不得再联系。"),
    "outreach.restricted": ("Processing is restricted ({purpose}).", "已限制处理其个人信息（{purpose}）。"),
    "outreach.objected": (
        "The person has objected to {purpose} by {channel}.",
        "此人已反对通过 {channel} 进行 {purpose}。",
    ),
    "outreach.withdrawn": (
        "Consent to {purpose} by {channel} was withdrawn.",
        "通过 {channel} 进行 {purpose} 的同意已撤回。",
    ),
    "outreach.expired": (
        "Consent to {purpose} by {channel} has expired.",
        "通过 {channel} 进行 {purpose} 的同意已过期。",
    ),
    "outreach.no_consent": (
        "There is no consent to {purpose} by {channel}.",
        "未取得通过 {channel} 进行 {purpose} 的同意。",
    ),
    "outreach.unconfirmed": (
        "Consent to {purpose} by {channel} was not confirmed.",
        "通过 {channel} 进行 {purpose} 的同意尚未确认。",
    ),
    "outreach.no_separate_consent": (
        "{purpose} by {channel} involves {involved}, which needs a consent of its own.",
        "通过 {channel} 进行 {purpose} 涉及 {involved}，需取得单独同意。",
    ),
    "outreach.capped": (
        "{sent} of {most} messages were sent; next {until}.",
        "已发送 {sent} 条，上限 {most} 条，下次可发 {until}。",
    ),
    "outreach.quiet": ("These are quiet hours, until {until}.", "当前为免打扰时段，至 {until}。"),
}
