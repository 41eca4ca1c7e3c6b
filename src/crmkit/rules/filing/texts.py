"""What the reasons of filings say: code → (English, Chinese)."""

from collections.abc import Mapping

__all__ = ["TEXTS"]

TEXTS: Mapping[str, tuple[str, str]] = {
    "filing.granted": ("Filed; you are protected until {until}.", "报备成功，保护期至 {until}。"),
    "filing.waits": ("Filed; it waits for approval.", "已提交报备，等待审批。"),
    "filing.approved": ("Approved; it protects until {until}.", "已批准，保护期至 {until}。"),
    "filing.own": ("Nobody approves their own filing.", "不能审批本人的报备。"),
    "filing.not_waiting": ("It is {state} and waits for no approval.", "报备状态为 {state}，无需审批。"),
    "filing.extended": ("Extended until {until}.", "已延期至 {until}。"),
    "filing.inactive": (
        "Your status is {status}; only active members file.",
        "当前状态为 {status}，仅在岗成员可报备。",
    ),
    "filing.no_key": (
        "Nothing tells the prospect from others: give a phone, an e-mail address, a number or a company.",
        "缺少可识别信息：请提供电话、邮箱、证件号或公司名称。",
    ),
    "filing.no_evidence": (
        "An empty filing protects nobody: say what proves it.",
        "无效报备：请填写跟进依据或上传附件。",
    ),
    "filing.taken.filing": (
        "Somebody has filed it already (owner {owner}, team {team}, record {record}, until {until}).",
        "已被他人报备（负责人 {owner}，团队 {team}，记录 {record}，有效期至 {until}）。",
    ),
    "filing.taken.customer": (
        "It is somebody's customer already (owner {owner}, team {team}, record {record}, until {until}).",
        "已是他人客户（负责人 {owner}，团队 {team}，记录 {record}，保护期至 {until}）。",
    ),
    "filing.running": ("You have {running} of {most} filings running.", "进行中的报备 {running} 个，上限 {most} 个。"),
    "filing.quota": ("You have filed {filed} of {quota} ({span}).", "已报备 {filed} 个，限额 {quota} 个（{span}）。"),
    "filing.not_yours": ("It is not your filing.", "这不是您的报备。"),
    "filing.not_protecting": ("It is {state} and protects nobody now.", "报备状态为 {state}，当前不在保护期内。"),
    "filing.no_reason": ("Say why it needs more time.", "请说明延期原因。"),
    "filing.extended_before": (
        "It was extended {times} times, of {most} allowed.",
        "已延期 {times} 次，最多 {most} 次。",
    ),
    "filing.no_action": ("Nothing was done by {deadline}.", "截至 {deadline} 未跟进。"),
}
