"""The review queue: what a batch run finds waits for a person, whose word is remembered."""

import time
from collections import Counter

import pytest
from attrs import evolve, frozen

from crmkit.adapters.batch import LocalEngine
from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.sql import SqlStore
from crmkit.crm import Crm
from crmkit.domain.change import created
from crmkit.domain.ids import Ref
from crmkit.domain.stewardship.match_review import Confidence, EvidenceStep, MatchReview, ReviewState
from crmkit.domain.values.contact_points import Email, Phone
from crmkit.domain.values.identifiers import Identifier, IdentifierKind
from crmkit.domain.values.names import PersonName
from crmkit.errors import InvalidInput, NotAllowed, NotFound
from crmkit.rules.dedup import ConfidencePolicy
from crmkit.rules.dedup.linkage import Step
from crmkit.rules.dedup.review import Band, measured, stratified
from crmkit.rules.rulebook import RuleBook
from crmkit.services import offer as offering
from crmkit.services.context import Context
from crmkit.services.deduplicate import deduplicate, table_of
from crmkit.services.merge import merge, plan_merge
from crmkit.services.offer import MOST_OF_A_RECORD, ScoredPair, crowds_of, offer
from crmkit.services.review import decide_match, labelled_pairs, labels, waiting
from crmkit.services.unmerge import unmerge
from crmkit.testing import FixedClock, FixedIds, a_contact, a_match_review, a_member, an_account
from crmkit.testing.history import History, Told

MOBILE = "+86 138 0013 8000"


@pytest.fixture(params=["memory", "sqlite"])
def ctx(request):
    store = MemoryStore() if request.param == "memory" else SqlStore(request.getfixturevalue("sqlite_url"))
    ctx = Context(store=store, clock=FixedClock(), ids=FixedIds(), notifier=Told(), book=RuleBook.standard())
    save(ctx, a_member(), a_member(id="M-2"), a_member(id="M-9", status="left"))
    yield ctx
    assert History.of(store).breaches() == []
    store.close()


def save(ctx, *records):
    ctx.store.run(lambda uow: uow.save(*map(created, records)))


def person(id, name="Anna Berg", phone="", email="", **fields):
    return a_contact(
        id=id,
        account_id=None,
        name=PersonName.parse(name),
        phones=[Phone.parse(phone)] if phone else (),
        emails=[Email.parse(email)] if email else (),
        **fields,
    )


def pair(one, other, probability=0.8, **fields):
    return ScoredPair(one_id=one, other_id=other, probability=probability, **fields)


def contact(id):
    return Ref(entity="contact", id=id)


def of(one, other):
    return MatchReview.id_of("contact", one, other)


def review(ctx, id):
    with ctx.store.begin(read_only=True) as uow:
        return uow.match_reviews.get(id)


def ids(reviews):
    return [(each.one_id, each.other_id) for each in reviews]


def offered(ctx, *pairs, **more):
    return offer(ctx, "contact", pairs, **more)


# --- what comes in --------------------------------------------------------------------------------


def test_doubtful_pairs_wait_the_likeliest_first(ctx):
    save(ctx, *(person(id) for id in "abcd"))
    answer = offered(ctx, pair("b", "a", 0.6), pair("c", "d", 0.9), pair("a", "d", 0.3))
    assert (answer.opened, answer.unlikely, answer.automatic) == (2, 1, ())
    assert ids(waiting(ctx)) == [("c", "d"), ("a", "b")]
    assert ids(waiting(ctx, limit=1)) == [("c", "d")]
    assert waiting(ctx, entity="lead") == []


def test_the_most_doubtful_come_first_when_labels_are_wanted(ctx):
    save(ctx, *(person(id) for id in "abcdefg"))
    ctx.store.run(lambda uow: uow.policies.put(ConfidencePolicy(review=0.1)))
    offered(
        ctx, *(pair("a", other, odds) for other, odds in zip("bcdefg", (0.9, 0.55, 0.5, 0.41, 0.2, 0.7), strict=True))
    )
    found = waiting(ctx, doubtful_first=True, limit=4)
    assert [each.probability for each in found] == [0.5, 0.55, 0.41, 0.7]


def test_a_second_run_puts_nothing_in_twice(ctx):
    save(ctx, person("a"), person("b"))
    first = offered(ctx, pair("a", "b"), pair("b", "a", 0.7))
    before = review(ctx, of("a", "b"))
    again = offered(ctx, pair("b", "a"))
    assert (first.opened, again.opened, again.known) == (1, 0, 1)
    assert review(ctx, of("a", "b")) == before


def test_what_waits_follows_a_new_probability(ctx):
    save(ctx, person("a"), person("b"))
    offered(ctx, pair("a", "b"))
    offered(ctx, pair("a", "b", 0.9))
    assert [each.probability for each in waiting(ctx)] == [0.9]


def test_a_review_says_why(ctx):
    save(ctx, person("a", phone=MOBILE), person("b", "Bob Meyer", phone=MOBILE))
    steps = (EvidenceStep(field="phone", level="same", evidence=12.5),)
    offered(ctx, pair("a", "b", 0.999, steps=steps))
    [found] = waiting(ctx)
    assert (found.confidence, found.capped, found.steps) == (Confidence.REVIEW, "confidence.single_key", steps)
    assert "phone" in found.agreeing


def test_proven_pairs_are_returned_and_not_merged(ctx):
    save(ctx, person("a", phone=MOBILE), person("b", phone=MOBILE))
    answer = offered(ctx, pair("b", "a", 0.999))
    assert (answer.automatic, answer.opened, waiting(ctx)) == ((("a", "b"),), 0, [])
    with ctx.store.begin(read_only=True) as uow:
        assert uow.contacts.count() == 2


def test_the_policy_in_force_decides(ctx):
    save(ctx, person("a", phone=MOBILE), person("b", phone=MOBILE))
    ctx.store.run(lambda uow: uow.policies.put(ConfidencePolicy(automatic=1.0, review=0.995)))
    assert offered(ctx, pair("a", "b", 0.999)).opened == 1
    assert offered(ctx, pair("a", "b", 0.9)).unlikely == 1


def test_records_that_are_gone_and_pairs_of_one_are_left_out(ctx):
    save(ctx, person("a"))
    answer = offered(ctx, pair("a", "z"), pair("a", "a"))
    assert (answer.gone, answer.opened) == (1, 0)


def test_only_what_can_be_merged_is_reviewed(ctx):
    with pytest.raises(InvalidInput, match="task is not merged"):
        offer(ctx, "task", ())
    with pytest.raises(InvalidInput, match="task is not merged"):
        deduplicate(ctx, LocalEngine(), "task")


def test_no_record_fills_the_queue_by_itself(ctx):
    others = [f"b{number:03}" for number in range(40)]
    save(ctx, person("a"), *map(person, others))
    scored = [pair("a", other, 0.6 + place / 1_000) for place, other in enumerate(others)]
    first = offered(ctx, *scored)
    assert (first.opened, first.left_out) == (MOST_OF_A_RECORD, 20)
    assert waiting(ctx, limit=1)[0].probability == 0.639
    decide_match(ctx, of("a", "b039"), "different", by="M-1")
    again = offered(ctx, *scored)
    assert (again.opened, again.known, again.apart) == (1, 19, 1)


def test_a_cluster_that_contradicts_itself_is_looked_at(ctx):
    leis = ["529900T8BM49AURSDO55", None, "549300DTUYXVMJXZNY75"]
    save(
        ctx,
        *(
            an_account(
                id=id,
                phones=[Phone.parse(MOBILE)],
                identifiers=[Identifier.parse(lei, kind=IdentifierKind.LEI)] if lei else (),
            )
            for id, lei in zip("abc", leis, strict=True)
        ),
    )
    sure = [pair("a", "b", 0.999), pair("b", "c", 0.999)]
    assert len(offer(ctx, "account", sure[:1]).automatic) == 1
    assert offer(ctx, "account", sure).automatic == ()  # they hang together without being told so
    answer = offer(ctx, "account", sure, clusters=[("a", "b", "c"), ("d",)])
    assert (answer.automatic, answer.known) == ((), 2)
    [report] = answer.contested
    assert [(each.one, each.other) for each in report.conflicts] == [("a", "c")]
    assert {each.capped for each in waiting(ctx)} == {"confidence.contested"}


def test_a_pair_that_two_clusters_were_made_of_is_looked_at(ctx):
    save(ctx, *(person(id, phone=MOBILE) for id in "abcd"))
    sure = [pair("a", "b", 0.9999), pair("b", "c", 0.999), pair("c", "d", 0.999)]
    assert len(offered(ctx, *sure).automatic) == 3
    answer = offered(ctx, *sure, clusters=[("a", "b"), ("c", "d")])
    assert (answer.automatic, ids(waiting(ctx))) == ((("a", "b"), ("c", "d")), [("b", "c")])


def test_no_chain_of_sure_pairs_joins_what_a_person_kept_apart(ctx):
    save(ctx, *(person(id, phone=MOBILE) for id in "abcdef"))
    offered(ctx, pair("a", "e", 0.9))
    decide_match(ctx, of("a", "e"), "different", by="M-1")
    chain = [pair("d", "e", 0.9996), pair("a", "b", 0.9999), pair("c", "d", 0.9997), pair("b", "c", 0.9995)]
    answer = offered(ctx, *chain, pair("f", "e", 0.6))
    assert (answer.automatic, answer.opened) == ((), 5)
    [report] = answer.contested
    assert report.members == ("a", "b", "c", "d", "e")


# --- what people say ------------------------------------------------------------------------------


def test_a_verdict_stands_in_the_history(ctx):
    save(ctx, person("a"), person("b"))
    offered(ctx, pair("a", "b"))
    decide_match(ctx, of("a", "b"), "unsure", by="M-1")
    decide_match(ctx, of("a", "b"), ReviewState.DIFFERENT, by="M-2", comment="Mother and daughter")
    with ctx.store.begin(read_only=True) as uow:
        trail = uow.trail.of(Ref(entity="match_review", id=of("a", "b")))
    assert [dict(entry.data)["verdict"] for entry in trail if entry.type == "match_review.decided"] in (
        ["unsure", "different"],
        ["different", "unsure"],
    )
    found = review(ctx, of("a", "b"))
    assert (found.decided_by, found.comment) == ("M-2", "Mother and daughter")


def test_the_same_word_twice_is_one(ctx):
    save(ctx, person("a"), person("b"))
    offered(ctx, pair("a", "b"))
    first = decide_match(ctx, of("a", "b"), "different", by="M-1", idempotency_key="k")
    assert decide_match(ctx, of("a", "b"), "different", by="M-1") == first
    assert decide_match(ctx, of("a", "b"), "different", by="M-1", idempotency_key="k") == first


def test_what_is_the_same_leads_to_a_merge_that_somebody_else_makes(ctx):
    save(ctx, person("a", phone=MOBILE), person("b", email="anna@berg.example"))
    offered(ctx, pair("a", "b"))
    said = decide_match(ctx, of("a", "b"), "same", by="M-1")
    preview = plan_merge(ctx, *said.records)
    assert {preview.plan.survivor, preview.plan.loser} == {contact("a"), contact("b")}
    with ctx.store.begin(read_only=True) as uow:
        assert uow.contacts.count() == 2
    merge(ctx, contact("a"), contact("b"))
    assert review(ctx, of("a", "b")).state is ReviewState.SAME


@pytest.mark.parametrize(
    ("verdict", "by", "error"), [("open", "M-1", NotAllowed), ("same", "M-9", NotAllowed), ("same", "M-0", NotFound)]
)
def test_only_members_decide_and_only_verdicts(ctx, verdict, by, error):
    save(ctx, person("a"), person("b"))
    offered(ctx, pair("a", "b"))
    with pytest.raises(error):
        decide_match(ctx, of("a", "b"), verdict, by=by)
    assert review(ctx, of("a", "b")).state is ReviewState.OPEN


def test_what_is_different_is_never_offered_nor_merged_by_itself(ctx):
    save(ctx, person("a", phone=MOBILE), person("b", phone=MOBILE))
    offered(ctx, pair("a", "b", 0.9))
    decide_match(ctx, of("a", "b"), "different", by="M-1")
    again = offered(ctx, pair("a", "b", 0.9999))
    assert (again.apart, again.opened, again.automatic, waiting(ctx)) == (1, 0, (), [])


def test_what_nobody_could_tell_is_not_merged_by_itself(ctx):
    save(ctx, person("a", phone=MOBILE), person("b", phone=MOBILE))
    offered(ctx, pair("a", "b", 0.9))
    decide_match(ctx, of("a", "b"), "unsure", by="M-1")
    assert offered(ctx, pair("a", "b", 0.9999)).automatic == ()
    assert ids(waiting(ctx)) == [("a", "b")]


def test_what_was_said_of_a_record_holds_for_the_one_it_went_into(ctx):
    save(ctx, *(person(id, phone=MOBILE) for id in "abcd"))
    offered(ctx, pair("a", "b", 0.9))
    decide_match(ctx, of("a", "b"), "different", by="M-1")
    merge(ctx, contact("a"), contact("c"), keep="c")
    merge(ctx, contact("c"), contact("d"), keep="d")
    answer = offered(ctx, pair("b", "d", 0.9999))
    assert (answer.apart, answer.automatic) == (1, ())
    unmerge(ctx, contact("c"))
    assert offered(ctx, pair("b", "d", 0.9999)).automatic == (("b", "d"),)
    assert offered(ctx, pair("b", "c", 0.9999)).apart == 1


# --- merges ---------------------------------------------------------------------------------------


def test_a_merge_closes_what_was_open_about_the_record_that_goes(ctx):
    save(ctx, *(person(id) for id in "abcd"))
    offered(ctx, pair("a", "b"), pair("b", "c"), pair("c", "d"))
    decide_match(ctx, of("b", "c"), "unsure", by="M-1")
    merge(ctx, contact("a"), contact("b"), keep="a")
    assert ids(waiting(ctx)) == [("c", "d")]
    assert {review(ctx, of("a", "b")).state, review(ctx, of("b", "c")).state} == {ReviewState.CLOSED}
    with pytest.raises(NotAllowed):
        decide_match(ctx, of("b", "c"), "same", by="M-1")


def test_a_record_that_is_back_is_offered_again(ctx):
    save(ctx, person("a"), person("b"))
    offered(ctx, pair("a", "b"))
    merge(ctx, contact("a"), contact("b"), keep="a")
    assert offered(ctx, pair("a", "b")).gone == 1
    unmerge(ctx, contact("b"))
    assert offered(ctx, pair("a", "b", 0.7)).opened == 1
    assert [each.probability for each in waiting(ctx)] == [0.7]


@pytest.mark.parametrize("known", [False, True])
def test_an_undone_merge_may_say_that_they_are_no_duplicates(ctx, known):
    save(ctx, person("a", phone=MOBILE), person("b", phone=MOBILE))
    if known:
        offered(ctx, pair("a", "b", 0.9))
    merge(ctx, contact("a"), contact("b"), keep="a")
    unmerge(ctx, contact("b"), not_duplicates=True, by="M-1")
    found = review(ctx, of("a", "b"))
    assert (found.state, found.decided_by) == (ReviewState.DIFFERENT, "M-1")
    assert offered(ctx, pair("a", "b", 0.9999)).apart == 1


def test_whoever_says_so_at_an_undo_is_a_member(ctx):
    save(ctx, person("a"), person("b"))
    merge(ctx, contact("a"), contact("b"), keep="a")
    with pytest.raises(NotFound):
        unmerge(ctx, contact("b"), not_duplicates=True, by="M-0")
    unmerge(ctx, contact("b"), not_duplicates=True)
    assert review(ctx, of("a", "b")).decided_by is None


# --- what is learnt -------------------------------------------------------------------------------


def test_decided_pairs_are_labels(ctx):
    save(ctx, *(person(id) for id in "abcde"))
    offered(ctx, pair("a", "b"), pair("b", "c", 0.7), pair("c", "d"), pair("d", "e", 0.6))
    decide_match(ctx, of("a", "b"), "same", by="M-1")
    decide_match(ctx, of("b", "c"), "different", by="M-1")
    decide_match(ctx, of("c", "d"), "unsure", by="M-1")
    assert sorted(labels(ctx, "contact", table_of(ctx, "contact").rows)) == [(0, 1, True), (1, 2, False)]
    assert labels(ctx, "contact", {"b": 5, "c": 9}) == [(5, 9, False)]
    assert labels(ctx, "lead", {}) == []
    found = sorted(labelled_pairs(ctx, "contact"), key=lambda each: each.probability)
    assert [(each.probability, each.same) for each in found] == [(0.7, False), (0.8, True)]
    assert measured(found, threshold=0.75).precision.value == 1
    assert stratified([Band(pairs=50, labelled=tuple(found))], threshold=0.75).recall.value == 1


# --- the whole store ------------------------------------------------------------------------------


@frozen
class Engine:
    """Finds what it is told to."""

    found: "Found"

    def dedupe(self, table, fields, *, labels):
        self.found.asked.append((table, fields, labels))
        return self.found


@frozen
class Found:
    clusters: tuple
    rows: tuple
    asked: list
    model: object = None

    def pairs(self):
        return tuple(zip(*self.rows, strict=True)) or ((), (), ())

    def steps(self, row, other):
        return [Step(field="prior", level="any two records", evidence=-float(row + other))]


def test_stored_records_go_to_the_engine_and_its_pairs_to_the_queue(ctx):
    save(ctx, person("a", "Anna Berg", MOBILE), person("b", "A. Berg"), person("c", "Li Wei", email="li@wei.example"))
    found = Found(clusters=(0, 0, 1), rows=((0, 1, 0.9),), asked=[])
    answer = deduplicate(ctx, Engine(found), "contact")
    [(table, fields, told)] = found.asked
    assert told == []
    assert fields == {"name": "person_name", "phone": "phone", "email": "email", **_places(fields)}
    assert table["phone"] == ("+8613800138000", None, None)
    assert answer.opened == 1
    [waits] = waiting(ctx)
    assert waits.steps == (EvidenceStep(field="prior", level="any two records", evidence=-1.0),)
    decide_match(ctx, waits.id, "different", by="M-1")
    assert deduplicate(ctx, Engine(found), "contact").apart == 1
    assert found.asked[-1][2] == [(0, 1, False)]


def _places(fields):
    return {name: kind for name, kind in fields.items() if name in ("born", "street", "city", "postcode")}


def test_too_few_records_are_no_table(ctx):
    assert deduplicate(ctx, Engine(Found(clusters=(), rows=(), asked=[])), "contact").opened == 0


def test_a_key_that_many_share_is_one_entry_that_follows_their_number(ctx):
    crowd = [person(f"p{number:03}", f"Person {number}", MOBILE) for number in range(25)]
    save(ctx, *crowd)
    key = "phone:+8613800138000"
    assert crowds_of(crowd)[key] == 25
    assert offered(ctx, crowds=crowds_of(crowd)).crowds == 1
    assert offered(ctx, crowds={key: 30}).crowds == 1
    assert offered(ctx, pair("p000", "p001", 0.9)).opened == 1
    entry, waits = waiting(ctx)
    assert ids([waits]) == [("p000", "p001")]
    assert waiting(ctx, limit=1) == [entry]
    assert (entry.shared_key, entry.count, entry.records) == (key, 30, ())
    with pytest.raises(NotAllowed, match="no verdict here"):
        decide_match(ctx, entry.id, "same", by="M-1")
    decide_match(ctx, entry.id, "different", by="M-1")
    assert offered(ctx, crowds={key: 31}).crowds == 0
    assert waiting(ctx) == [waits]
    # and it proves nothing: name and phone alike are no longer enough
    save(ctx, person("q1", "Anna Berg", MOBILE), person("q2", "Anna Berg", MOBILE))
    assert offered(ctx, pair("q1", "q2", 0.9999)).automatic == ()


def test_a_pair_that_somebody_else_put_in_meanwhile_is_known(ctx, monkeypatch):
    save(ctx, person("a"), person("b"))
    overtaken = []

    def others_first(uow, entity, ids):
        if not overtaken:
            overtaken.append(ids)
            # as if the other run had been committed between our look and our save
            uow.save(created(a_match_review(id=of("a", "b"), record_entity="contact", one_id="a", other_id="b")))
        return Counter()

    monkeypatch.setattr(offering, "_open_of", others_first)
    answer = offered(ctx, pair("a", "b"))
    assert (answer.opened, len(overtaken)) == (1, 1)


def test_fifty_thousand_records_with_one_key_finish_and_go_to_review():
    """Of 1,250 million pairs none is made; what waits is one entry, and at most a few pairs a record."""
    store = MemoryStore()
    crm = Crm(store=store, clock=FixedClock(), ids=FixedIds())
    phone = Phone.parse("+49 151 23456789")
    family = ["Berg", "Meyer", "Voss", "Holm", "Krug", "Lenz", "Sommer", "Wolf", "Adler", "Fuchs"]
    crm.add(
        *(
            evolve(
                _TEMPLATE,
                id=f"C-{number:05}",
                name=PersonName(given=f"{_syllables(number)}", family=family[number % 10]),
                phones=(phone,),
            )
            for number in range(50_000)
        )
    )
    began = time.perf_counter()
    answer = crm.reviews.deduplicate(LocalEngine(), entity="contact")
    assert time.perf_counter() - began < 180
    assert answer.automatic == ()
    assert answer.crowds == 1
    assert answer.opened <= 50_000 * MOST_OF_A_RECORD / 2
    with crm.begin(read_only=True) as uow:
        [entry] = [each for each in uow.match_reviews.scan() if each.shared_key]
    assert (entry.shared_key, entry.count, entry.state) == ("phone:+4915123456789", 50_000, ReviewState.OPEN)
    # and pairs that somebody brings all the same are looked at, a bounded number of them, and never merged
    brought = [pair(f"C-{row:05}", f"C-{row + step:05}", 0.9999) for row in range(300) for step in range(1, 60)]
    again = crm.reviews.offer("contact", brought)
    assert (again.automatic, again.opened + again.left_out) == ((), len(brought))
    assert again.opened <= 360 * MOST_OF_A_RECORD / 2


_TEMPLATE = person("C", "Anna Berg")


def _syllables(number):
    parts = ["ba", "ke", "li", "mo", "nu", "ra", "se", "ti", "vo", "zu"]
    return "".join(parts[int(digit)] for digit in f"{number:05}").capitalize()
