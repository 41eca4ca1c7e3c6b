"""A chain of audit entries: what holds, and what each change to it is called."""

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.domain.ids import Ref
from crmkit.domain.stewardship.chain import (
    REDACTED,
    START,
    Break,
    ChainedEntry,
    Seal,
    content_digest,
    linked,
    verified,
)
from crmkit.testing import NOW

LEAD = Ref(entity="lead", id="L-1")


def an_entry(number, **changes):
    told = {"type": "lead.changed", "changed": f'{{"score":[null,{number}]}}', "data": None, **changes}
    who = {"actor": "chen", "on_behalf_of": "", "source": "ui", "reason": "", "recipients": '["M-1"]'}
    return ChainedEntry(id=f"E-{number}", position=number, record=LEAD, version=number, at=NOW, **who, **told)


def sealed(entries, *sizes):
    """The entries in seals of those sizes."""
    chained, seals = [], []
    left = list(entries)
    for number, size in enumerate(sizes, 1):
        some, left = left[:size], left[size:]
        previous = chained[-1].hash if chained else START
        chained += linked("main", some, link=len(chained), previous=previous)
        first = seals[-1].last + 1 if seals else 1
        seals.append(Seal(number=number, first=first, last=len(chained), hash=chained[-1].hash, at=NOW))
    return chained, seals


ENTRIES, SEALS = sealed([an_entry(number) for number in range(1, 8)], 3, 4)


def broken(entries=ENTRIES, seals=SEALS, anchors=()):
    found = verified("main", entries, seals, anchors=anchors).broken
    return found and (found.link, found.problem)


def test_what_nobody_touched_holds():
    found = verified("main", ENTRIES, SEALS, anchors=SEALS)

    assert (found.holds, found.entries, found.erased, found.broken) == (True, 7, 0, None)


def test_a_chain_without_entries_holds():
    assert verified("main", [], []).holds


@given(
    at=st.integers(min_value=0, max_value=6),
    change=st.sampled_from(
        [
            {"id": "E-x"},
            {"position": 99},
            {"record": Ref(entity="lead", id="L-2")},
            {"record": Ref(entity="account", id="L-1")},
            {"version": 99},
            {"type": "lead.created"},
            {"at": NOW.replace(microsecond=7)},
            {"actor": "mallory"},
            {"on_behalf_of": "boss"},
            {"source": "api"},
            {"reason": "r"},
            {"changed": None},
            {"changed": "{}"},
            {"data": "{}"},
            {"recipients": None},
            {"content": content_digest(None, None, "")},
            {"content": content_digest(None, None, ""), "changed": None},
            {"hash": START},
            {"redacted": True, "changed": None},
        ]
    ),
)
def test_whatever_is_changed_is_named_with_its_link(at, change):
    forged = [*ENTRIES[:at], evolve(ENTRIES[at], **change), *ENTRIES[at + 1 :]]

    assert broken(forged) == (at + 1, Break.CHANGED)


@given(at=st.integers(min_value=0, max_value=6))
def test_a_forger_who_knows_how_to_hash_is_found_at_the_next_entry_or_the_seal(at):
    previous = ENTRIES[at - 1].hash if at else START
    forged = evolve(ENTRIES[at], actor="mallory", changed="{}", content="")
    (forged,) = linked("main", [forged], link=at, previous=previous)
    found = (at + 1, Break.UNSEALED) if at + 1 in (3, 7) else (at + 2, Break.CHANGED)

    assert broken([*ENTRIES[:at], forged, *ENTRIES[at + 1 :]]) == found


def test_entries_of_another_tenant_are_not_ours():
    assert verified("other", ENTRIES, SEALS).broken.problem is Break.CHANGED


def test_what_is_gone_or_twice_there_is_named():
    assert broken(ENTRIES[:2] + ENTRIES[3:]) == (3, Break.MISSING)
    assert broken([*ENTRIES[:3], ENTRIES[2], *ENTRIES[3:]]) == (3, Break.DOUBLED)
    assert broken([*ENTRIES[:2], ENTRIES[3], ENTRIES[2], *ENTRIES[4:]]) == (3, Break.MISSING)


def test_a_cut_end_is_named():
    assert broken(ENTRIES[:5]) == (6, Break.CUT)
    assert broken(ENTRIES[:3], SEALS[:1]) is None
    assert broken(ENTRIES[:3], SEALS[:1], anchors=SEALS[1:]) == (4, Break.CUT)


def test_a_seal_that_does_not_fit_is_named():
    assert broken(seals=[SEALS[0], evolve(SEALS[1], hash=START)]) == (7, Break.UNSEALED)
    assert broken(seals=SEALS[1:]) == (1, Break.UNSEALED)
    assert broken(seals=SEALS[:1]) == (4, Break.UNSEALED)
    assert broken(seals=[SEALS[0], evolve(SEALS[1], first=5)]) == (4, Break.UNSEALED)
    assert broken(anchors=[evolve(SEALS[0], hash=START)]) == (3, Break.UNSEALED)


def test_what_was_erased_is_told_from_what_was_changed():
    left = content_digest(None, None, "")
    entries = [an_entry(1), an_entry(2), an_entry(3, type=REDACTED, changed=None, data=f'{{"left":{{"2":"{left}"}}}}')]
    chained, seals = sealed(entries, 3)
    emptied = [chained[0], evolve(chained[1], changed=None, redacted=True), chained[2]]
    found = verified("main", emptied, seals)

    assert (found.holds, found.erased) == (True, 1)
    assert broken([evolve(chained[0], changed=None, redacted=True), *emptied[1:]], seals) == (1, Break.CHANGED)
    assert broken([chained[0], evolve(chained[1], changed="{}", redacted=True), chained[2]], seals) == (
        2,
        Break.CHANGED,
    )


def test_an_entry_that_was_erased_before_its_seal_keeps_its_digest():
    full = an_entry(1)
    emptied = evolve(full, changed=None, redacted=True, content=content_digest(full.changed, full.data, full.reason))
    (chained,) = linked("main", [emptied], link=0, previous=START)

    assert chained.content == emptied.content


def test_nothing_and_an_empty_text_have_different_digests():
    assert len({content_digest(*pair, "") for pair in [(None, None), ("", None), (None, ""), ("", "")]}) == 4
