"""Text of which only the ends are shown.

>>> masked("13800138000"), masked("li.wei@example.com"), masked("张伟")
('13*******00', 'li.w**********.com', '张*')
"""

__all__ = ["masked"]


def masked(text: str) -> str:
    """The first and last quarter of ``text``, at least its first character; the rest are asterisks."""
    head, tail = max(1, len(text) // 4), len(text) // 4
    return text[:head] + "*" * (len(text) - head - tail) + text[len(text) - tail :]
