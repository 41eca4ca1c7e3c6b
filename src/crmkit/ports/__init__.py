"""What the core needs from outside, as small sync Protocols. Each says what it raises and how it orders.

An adapter implements them; ``crmkit.testing`` has the suite that proves it does.
"""

from crmkit.ports.allocator import Allocator
from crmkit.ports.arithmetic import Arithmetic
from crmkit.ports.audit_chain import Anchor, AuditChain
from crmkit.ports.audit_trail import AuditTrail
from crmkit.ports.candidates import CandidateIndex, KeyEntry
from crmkit.ports.clock import Clock, IdSource
from crmkit.ports.commands import Commands
from crmkit.ports.item_learner import ItemLearner
from crmkit.ports.key_store import KeyStore, WrappedKey
from crmkit.ports.keyring import Keyring
from crmkit.ports.notifier import Notifier
from crmkit.ports.outbox import DeadLetter, Outbox
from crmkit.ports.policies import PolicyStore
from crmkit.ports.presence import Presence
from crmkit.ports.store import REPOSITORIES, Repository, Store, UnitOfWork

__all__ = [
    "REPOSITORIES",
    "Allocator",
    "Anchor",
    "Arithmetic",
    "AuditChain",
    "AuditTrail",
    "CandidateIndex",
    "Clock",
    "Commands",
    "DeadLetter",
    "IdSource",
    "ItemLearner",
    "KeyEntry",
    "KeyStore",
    "Keyring",
    "Notifier",
    "Outbox",
    "PolicyStore",
    "Presence",
    "Repository",
    "Store",
    "UnitOfWork",
    "WrappedKey",
]
