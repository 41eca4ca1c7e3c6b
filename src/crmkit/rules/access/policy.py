"""``AccessPolicy``: which role may do what with which records, and which fields its holders see.

Nobody may do anything that no grant gives. Restrictions take away last, whatever the grants say.

>>> policy = AccessPolicy(
...     roles=[
...         RoleGrants(role="sales", grants=[Grant(verbs=["read", "edit"], entities=["lead"], scope="own")]),
...         RoleGrants(role="lead", grants=[Grant(verbs=["read"], entities=["lead"], scope="subtree")]),
...     ],
...     restrictions=[Restriction(entity="lead", when="region != 'North'")],
...     fields=[FieldRule(entity="lead", fields=["amount"], sight="hide")],
... )
>>> [grant.scope.value for _, grant in policy.grants_of(("lead",), Verb.READ, "lead")]
['subtree']
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import ClassVar

from crmkit.domain.conditions import FieldCatalogue, bind, parse
from crmkit.domain.custom_fields import CustomField
from crmkit.domain.ids import RoleId
from crmkit.domain.model import Code, Line, annotations_of, model
from crmkit.errors import InvalidInput
from crmkit.rules.access.entities import ENTITIES
from crmkit.rules.access.sight import Sight, blank_of
from crmkit.rules.policy import Policy

__all__ = ["AccessPolicy", "FieldRule", "Grant", "Restriction", "RoleGrants", "Scope", "Verb"]

EVERYONE = "everyone"
"""The role that all members have."""
PLAIN = frozenset({"id", "version", "created_at", "updated_at"})
"""Fields that every reader of a record sees."""


class Verb(StrEnum):
    """What is done with a record."""

    READ = "read"
    CREATE = "create"
    EDIT = "edit"
    DELETE = "delete"
    ASSIGN = "assign"
    """Choose an owner, transfer, share."""
    CLAIM = "claim"
    MERGE = "merge"
    EXPORT = "export"
    MASS_UPDATE = "mass_update"
    ERASE = "erase"
    VIEW_AUDIT = "view_audit"
    ADMINISTER = "administer"
    """Sweep, train, change policies, mend what failed."""


LOOKING = frozenset({Verb.READ, Verb.EXPORT, Verb.VIEW_AUDIT})
"""Verbs for which a share to read is enough."""


class Scope(StrEnum):
    """Which records a grant reaches."""

    OWN = "own"
    TEAM = "team"
    SUBTREE = "subtree"
    """Those of everybody below: whom one manages, or who is in a team one leads, at any depth; and one's own."""
    TERRITORY = "territory"
    POOL = "pool"
    SHARED = "shared"
    ALL = "all"


@model
class Grant:
    """``verbs`` with the records of ``entities`` (of every entity, if none is named) within ``scope`` that fulfil ``when``."""

    verbs: tuple[Verb, ...]
    entities: tuple[Code, ...] = ()
    scope: Scope = Scope.OWN
    when: str = "always()"

    def check(self) -> None:
        """The entities are there, and where a condition asks fields, it is said of what."""
        _check_entities(self.entities, "Grant.entities")
        _check_condition(self.when, self.entities, "Grant.when")

    def gives(self, verb: Verb, entity: str) -> bool:
        """Whether it is about that."""
        return verb in self.verbs and (not self.entities or entity in self.entities)


@model
class RoleGrants:
    """What the holders of a role are given; the role ``everyone`` is held by all members."""

    role: RoleId
    grants: tuple[Grant, ...]


@model
class Restriction:
    """Of ``entity`` only records that fulfil ``when`` are within reach, whatever is granted.

    It is for ``verbs`` (all, if none is named) and for holders of ``roles`` (everybody, if none is named).
    """

    entity: Code
    when: str
    verbs: tuple[Verb, ...] = ()
    roles: tuple[RoleId, ...] = ()

    def check(self) -> None:
        """The entity is there, and the condition can be read."""
        _check_entities((self.entity,), "Restriction.entity")
        parse(self.when)

    def concerns(self, role_ids: tuple[str, ...], verb: Verb, entity: str) -> bool:
        """Whether it is about that."""
        here = entity == self.entity and (not self.verbs or verb in self.verbs)
        return here and (not self.roles or not set(self.roles).isdisjoint(role_ids))


@model
class FieldRule:
    """Holders of ``roles`` (everybody, if none is named) see these fields so.

    A field that no rule names may be read and written. Of one that rules name, everybody has the widest
    sight that a rule gives them, and whom none concerns does not see it.
    """

    entity: Code
    fields: tuple[Code, ...]
    sight: Sight
    roles: tuple[RoleId, ...] = ()

    def check(self) -> None:
        """The entity has the fields, and they can be left empty where they are not to be seen."""
        _check_entities((self.entity,), "FieldRule.entity")
        cls = ENTITIES[self.entity]
        for name in self.fields:
            own = name.startswith("custom.")
            if not own and (name not in annotations_of(cls) or name in PLAIN or name == "custom"):
                hint = "Name a field of the entity, or custom.<name>; ids, versions and times of saving stay visible."
                raise InvalidInput(f"{self.entity} has no field {name} to hide.", field="FieldRule.fields", hint=hint)
            if not own:
                blank_of(cls, name)


@model
class AccessPolicy(Policy):
    """Grants by role, restrictions that hold last, and what is seen of fields.

    Args:
        roles: what each role is given; a role that is not here is given nothing.
        restrictions: what is out of reach whatever is granted.
        fields: which fields are hidden, masked, read or written.
        services: actors that are the host's own programs; they are not asked, as the system is not.
        export_rows: the most records of one export.
        custom_fields: the host's own fields that conditions speak of, those of territories too.
    """

    kind: ClassVar[str] = "access"

    roles: tuple[RoleGrants, ...] = ()
    restrictions: tuple[Restriction, ...] = ()
    fields: tuple[FieldRule, ...] = ()
    services: tuple[Line, ...] = ()
    export_rows: int = 10_000
    custom_fields: tuple[CustomField, ...] = ()

    def check(self) -> None:
        """An export has at least one row, and every condition fits its entity."""
        if self.export_rows < 1:
            raise InvalidInput("must be positive.", field="AccessPolicy.export_rows", hint="Grant no export instead.")
        for each in self.restrictions:
            bind(parse(each.when), self.catalogue(each.entity))
        for grant in (grant for role in self.roles for grant in role.grants):
            for entity in grant.entities:
                bind(parse(grant.when), self.catalogue(entity))

    def catalogue(self, entity: str) -> FieldCatalogue:
        """The fields that conditions on ``entity`` may ask."""
        own = [field for field in self.custom_fields if field.entity == entity]
        return FieldCatalogue.of(ENTITIES[entity], custom=own)

    def grants_of(self, role_ids: tuple[str, ...], verb: Verb, entity: str) -> Iterator[tuple[str, Grant]]:
        """What these roles are given of ``verb`` with records of ``entity``, each with its role."""
        for each in self.roles:
            if each.role == EVERYONE or each.role in role_ids:
                for grant in each.grants:
                    if grant.gives(verb, entity):
                        yield each.role, grant

    def restrictions_of(self, role_ids: tuple[str, ...], verb: Verb, entity: str) -> Iterator[Restriction]:
        """What is out of reach for these roles."""
        return (each for each in self.restrictions if each.concerns(role_ids, verb, entity))

    def sights_of(self, role_ids: tuple[str, ...], entity: str) -> dict[str, Sight]:
        """How holders of these roles see the fields that rules name; all others are read and written."""
        found: dict[str, Sight] = {}
        for rule in self.fields:
            if rule.entity == entity:
                mine = not rule.roles or not set(rule.roles).isdisjoint(role_ids)
                sight = rule.sight if mine else Sight.HIDE
                for name in rule.fields:
                    found[name] = max(found.get(name, Sight.HIDE), sight, key=list(Sight).index)
        return found


def _check_entities(entities: tuple[str, ...], field: str) -> None:
    for entity in entities:
        if entity not in ENTITIES:
            raise InvalidInput(f"{entity} is no entity.", field=field, hint=f"Choose from: {', '.join(ENTITIES)}.")


def _check_condition(text: str, entities: tuple[str, ...], field: str) -> None:
    if list(parse(text).leaves()) and not entities:
        raise InvalidInput("asks fields of no entity.", field=field, hint="Name the entities.")
