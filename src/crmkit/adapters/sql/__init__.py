"""A store over SQLite and Postgres: SQLAlchemy Core builds the statements, a raw cursor runs them."""

from crmkit.errors import MissingExtra

try:
    from crmkit.adapters.sql.inbox import SqlInbox
    from crmkit.adapters.sql.store import SqlStore
except ModuleNotFoundError as error:
    if error.name is not None and error.name.partition(".")[0] == "sqlalchemy":
        raise MissingExtra.named("sql", package="sqlalchemy") from error
    raise

__all__ = ["SqlInbox", "SqlStore"]
