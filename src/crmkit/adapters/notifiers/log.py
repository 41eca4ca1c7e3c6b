"""Notices in the application's log: that something was told, never what."""

import logging

from attrs import frozen

from crmkit.domain.stewardship.audit import Notice

__all__ = ["LogNotifier"]


@frozen(kw_only=True)
class LogNotifier:
    """Writes one record at level INFO for each notice: its type and ids only, nothing of what a person wrote."""

    logger: logging.Logger = logging.getLogger("crmkit.notices")

    def send(self, notice: Notice) -> None:
        """The notice is in the log."""
        told = ",".join(notice.recipients)
        self.logger.info("%s %s %s told=%s attempt=%d", notice.id, notice.type, notice.record, told, notice.attempt)
