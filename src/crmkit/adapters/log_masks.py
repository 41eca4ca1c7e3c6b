"""Masks for logs: what looks like an e-mail address, a phone number or a token is not written."""

import logging
import re
from typing import Final

__all__ = ["MaskingFilter", "masked"]

MASK: Final = "•••"
_EMAIL = re.compile(r"[^\s@<>\"'(),;:]{1,64}@[^\s@<>\"'(),;:]{1,253}")
_TOKEN = re.compile(
    r"(?i)\b(access_token|api_?key|key|password|secret|sign|signature|token)(=|:\s?|\":\s?\")[^\s&\"',;)]{4,512}"
)
_HOOK = re.compile(
    r"(?i)(https?://[^\s/\"']{1,253}/[^\s\"']{0,200}(?:hook|robot|bot)[^\s\"'/?]{0,40}[/?])[^\s\"']{1,512}"
)
_BEARER = re.compile(r"(?i)\b(bearer|whsec_|SEC)(\s?)[A-Za-z0-9+/=_\-.]{8,512}")
_PHONE = re.compile(r"(?<![\w.:-])\+?\d(?:[ ()\-]{0,2}\d){7,14}(?![\w:-])")
"""Eight to fifteen digits with what people put between them; ids, dates with times and version numbers are left."""


def masked(text: str) -> str:
    """``text`` without what looks like an address, a phone number or a token.

    >>> masked("to 138 0013 8000 and li.wei@yunshan.example")
    'to ••• and •••'
    >>> masked("POST https://qyapi.example/cgi-bin/webhook/send?key=693a-91d2 failed")
    'POST https://qyapi.example/cgi-bin/webhook/••• failed'
    """
    text = _HOOK.sub(rf"\1{MASK}", text)
    text = _TOKEN.sub(rf"\1\2{MASK}", text)
    text = _BEARER.sub(rf"\1\2{MASK}", text)
    text = _EMAIL.sub(MASK, text)
    return _PHONE.sub(MASK, text)


class MaskingFilter(logging.Filter):
    """Put on a handler, it masks every message, its arguments and the text of its exception.

    A net below the wire, not a licence: names of people look like nothing in particular and pass.

    >>> handler = logging.StreamHandler()
    >>> handler.addFilter(MaskingFilter())
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """The record, masked."""
        record.msg, record.args = masked(record.getMessage()), None
        if record.exc_info:
            record.exc_text = masked(record.exc_text or logging.Formatter().formatException(record.exc_info))
            record.exc_info = None
        return True
