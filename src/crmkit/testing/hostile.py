"""Two hundred texts that attack whatever takes text for code.

Each has ``MARK`` in it, so that a test can look for it where no caller's text may ever be: in the statements
that a driver is sent, in a log, in an error's message.

>>> len(HOSTILE_TEXTS), len(set(HOSTILE_TEXTS)), all(MARK in text for text in HOSTILE_TEXTS)
(200, 200, True)
"""

__all__ = ["HOSTILE_TEXTS", "MARK"]

MARK = "canary7f3a"
"""What no statement, log line or error message may contain."""

_BREAKING_OUT = ("'", '"', "`", "')", "'))", '")', "\\'", "\\", "''", "%27", "\u2019", "\uff07", "$$", "]", "*/")
_GOING_ON = (
    " OR 1=1 --",
    " OR '1'='1",
    "; DROP TABLE crm_leads; --",
    " UNION SELECT * FROM crm_commands --",
    " AND 1=(SELECT count(*) FROM crm_audit) --",
    "; UPDATE crm_members SET weight=1; --",
    "||(SELECT tenant FROM crm_leads LIMIT 1)||",
    " AND pg_sleep(5) IS NULL --",
    "; COPY crm_leads TO '/tmp/x'; --",
)
_SQL = tuple(f"{out}{on}" for out in _BREAKING_OUT for on in _GOING_ON)

_PLACEHOLDERS = (
    "%s",
    "%(tenant)s",
    "%%",
    "%",
    "?",
    "?1",
    ":p0",
    ":tenant",
    "$1",
    "{0}",
    "{tenant}",
    "{self.__class__}",
)
_PATTERNS = ("%a%", "_", "a_", "\\%", "\\_", "[a-z]", "*", ".*", "a*b", "NEAR(a b)", '"a" AND "b"', "^a$", "(a+)+$")
_JSON = (
    "{}",
    "[]",
    "null",
    "true",
    '{"decimal":1}',
    '{"$ne":null}',
    '"]',
    "$.custom.x_text",
    "$[0]",
    "'$.x'",
    "\\u0000",
    "-0",
    "1e999",
)
_UNICODE = (
    "\u202e",
    "\u200b",
    "\ufeff",
    "\u2028",
    "e\u0301\u0301\u0301",
    "İ",
    "ß",
    "\U0010ffff",
    "😀",
    "中国",
    "\x7f",
    "\x1b[31m",
    "\r\n",
)
_OTHERS = (
    "/* a */",
    "--",
    "#",
    "\t",
    "<script>alert(1)</script>",
    "${jndi:ldap://x}",
    "{{7*7}}",
    "../../etc/passwd",
    "\\copy",
    "=1+1",
    "@SUM(1)",
    "<@all>",
    "CON",
    "%00",
)


def _hostile() -> tuple[str, ...]:
    """Half of them with the mark before, half with the mark after what attacks."""
    parts = (*_SQL, *_PLACEHOLDERS, *_PATTERNS, *_JSON, *_UNICODE, *_OTHERS)
    return tuple(f"{MARK}{part}" if place % 2 else f"{part}{MARK}" for place, part in enumerate(parts))


HOSTILE_TEXTS = _hostile()
