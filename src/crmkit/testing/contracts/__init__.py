"""The contract of each port as a class of checks: subclass one, give it a fixture, and pytest runs it.

::

    class TestMyStore(StoreContract):
        concurrent_writers = False

        @pytest.fixture
        def store(self):
            return MyStore(custom=SCHEMA)

Every check is one promise of a port; its name says which, its docstring in full. Flags say what a store does
not claim to do. Nothing here is collected before it is subclassed.
"""

from crmkit.testing.contracts.audit_chain import AuditChainContract
from crmkit.testing.contracts.audit_trail import AuditTrailContract
from crmkit.testing.contracts.candidates import CandidateIndexContract
from crmkit.testing.contracts.clock import ClockContract, IdSourceContract
from crmkit.testing.contracts.commands import CommandsContract
from crmkit.testing.contracts.concurrency import ConcurrencyContract
from crmkit.testing.contracts.conditions import ConditionsContract
from crmkit.testing.contracts.durability import DurabilityContract
from crmkit.testing.contracts.host import Host, HostTransactionContract
from crmkit.testing.contracts.keeping import KeepingContract
from crmkit.testing.contracts.key_store import KeyStoreContract
from crmkit.testing.contracts.notifier import NotifierContract
from crmkit.testing.contracts.outbox import DeadLetterContract, OutboxContract
from crmkit.testing.contracts.policies import PolicyStoreContract
from crmkit.testing.contracts.references import HostRows, ReferencesContract
from crmkit.testing.contracts.repository import RepositoryContract
from crmkit.testing.contracts.suite import StoreContract, checks_of, failures_of
from crmkit.testing.contracts.tenants import TenantsContract
from crmkit.testing.contracts.unit_of_work import SavingContract, UnitOfWorkContract
from crmkit.testing.strategies import SCHEMA

__all__ = [
    "SCHEMA",
    "AuditChainContract",
    "AuditTrailContract",
    "CandidateIndexContract",
    "ClockContract",
    "CommandsContract",
    "ConcurrencyContract",
    "ConditionsContract",
    "DeadLetterContract",
    "DurabilityContract",
    "Host",
    "HostRows",
    "HostTransactionContract",
    "IdSourceContract",
    "KeepingContract",
    "KeyStoreContract",
    "NotifierContract",
    "OutboxContract",
    "PolicyStoreContract",
    "ReferencesContract",
    "RepositoryContract",
    "SavingContract",
    "StoreContract",
    "TenantsContract",
    "UnitOfWorkContract",
    "checks_of",
    "failures_of",
]
