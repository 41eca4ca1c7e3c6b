"""What the reasons of access say: code → (English, Chinese)."""

from collections.abc import Mapping

__all__ = ["TEXTS"]

TEXTS: Mapping[str, tuple[str, str]] = {
    "access.granted": ("The role {role} gives it, within {scope}.", "角色 {role} 在范围 {scope} 内授予该权限。"),
    "access.outside": (
        "The role {role} gives it within {scope}, and this lies outside.",
        "角色 {role} 仅在范围 {scope} 内授予，该记录不在其中。",
    ),
    "access.unmet": (
        "The role {role} gives it within {scope} where {when}, which does not hold here.",
        "角色 {role} 在范围 {scope} 内且满足 {when} 时授予，此处不满足。",
    ),
    "access.no_grant": (
        "No role that the member has gives {verb} of {entity}.",
        "该成员的任何角色均未授予对 {entity} 的 {verb} 权限。",
    ),
    "access.restricted": (
        "Whatever is granted, only {entity} where {when} is within reach.",
        "无论授予何种权限，仅可接触满足 {when} 的 {entity}。",
    ),
    "access.left": ("{member} has left.", "{member} 已离职。"),
    "access.unknown": ("{member} is no member.", "{member} 不是成员。"),
}
