"""Models learnt from stored leads: as they were early, never from who opted out, and said so where they are no good."""

from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import changed, created
from crmkit.domain.custom_fields import CustomField, CustomSchema, FieldKind
from crmkit.domain.values.address import Address
from crmkit.domain.values.money import Money
from crmkit.errors import InvalidInput, NotAllowed, NotFound
from crmkit.rules.prediction import PredictionModel, PredictionOutcome
from crmkit.rules.profiling import ProfilingPolicy
from crmkit.rules.rulebook import RuleBook
from crmkit.services.context import Context
from crmkit.services.lead_rows import row_of
from crmkit.services.predict import (
    foretell,
    lead_drift,
    predict_lead,
    predict_leads,
    train_leads,
    what_would_predict,
)
from crmkit.testing import NOW, FixedClock, FixedIds, a_lead, a_member

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
FIELDS = (
    CustomField(entity="lead", name="staff", kind=FieldKind.INTEGER),
    CustomField(entity="lead", name="day", kind=FieldKind.DATE),
)
SCHEMA = CustomSchema.of(*FIELDS)
NO_PROFILING = ProfilingPolicy(id="lead", opt_out="contains(tags, 'no_profiling')")


@pytest.fixture(params=["memory", "sqlite"])
def ctx(request):
    sqlite = request.param == "sqlite"
    store = SqlStore(request.getfixturevalue("sqlite_url"), custom=SCHEMA) if sqlite else MemoryStore(custom=SCHEMA)
    yield context(store)
    store.close()


def context(store=None):
    return Context(
        store=store or MemoryStore(custom=SCHEMA),
        clock=FixedClock(),
        ids=FixedIds(),
        notifier=Inbox(),
        book=RuleBook.standard(),
    )


def keep(ctx, *changes, policies=()):
    with ctx.store.begin() as uow:
        for policy in policies:
            uow.policies.put(policy)
        uow.save(*changes)
        uow.commit()


def closed(lead, *, won, after=9 * DAY, **filled_in):
    """The changes by which ``lead`` came and was closed, the one that closes it with ``filled_in`` by sales."""
    at = lead.created_at + after
    yield created(lead)
    if won:
        qualified = lead.move("qualify", now=at)
        yield qualified
        edited = changed(qualified.after, now=at, **filled_in)
        yield edited
        yield edited.after.convert("A-1", now=at)
    else:
        edited = changed(lead, now=at, **filled_in)
        yield edited
        yield edited.after.disqualify("no budget", now=at)


def history(ctx, number=240, *, seed=1, **each):
    """Of those who come from a fair most are won, of the others few."""
    random = Random(seed)
    for place in range(number):
        source = random.choice(["fair", "web"])
        won = random.random() < (0.8 if source == "fair" else 0.2)
        given = {name: value(place) if callable(value) else value for name, value in each.items()}
        lead = a_lead(id=f"H-{place:04d}", source=source, created_at=NOW - 100 * DAY, **given)
        # what sales fill in when they know the outcome tells it to whoever learns from it
        for change in closed(lead, won=won, industry="Retail" if won else ""):
            keep(ctx, change)


def model_in(ctx, id="lead"):
    with ctx.store.begin(read_only=True) as uow:
        return uow.policies.in_force(PredictionModel, ctx.clock.now(), id=id)


def test_closed_leads_teach_and_the_model_holds_from_then_on(ctx):
    history(ctx)
    keep(ctx, created(a_lead(id="L-1", source="fair")), created(a_lead(id="L-2", source="web")))
    trained = train_leads(ctx)

    assert trained.report.better
    assert (trained.report.rows, trained.model.version) == (240, 1)
    found = predict_leads(ctx, ["L-2", "L-9", "L-1"])
    assert list(found) == ["L-2", "L-1"]
    assert found["L-1"].probability > 0.7 > 0.3 > found["L-2"].probability
    assert found["L-1"].top_positive()[0].field == "source"
    assert predict_lead(ctx, "L-1") == found["L-1"]


def test_what_was_filled_in_with_the_outcome_teaches_nothing(ctx):
    history(ctx)
    assert [field.name for field in (train_leads(ctx), model_in(ctx))[1].fields] == ["source"]


def test_what_was_filled_in_on_the_first_day_does(ctx):
    for place in range(120):
        lead = a_lead(id=f"H-{place}", created_at=NOW - 50 * DAY)
        talked = changed(lead, now=lead.created_at + HOUR, region="East" if place % 2 else "West")
        keep(ctx, created(lead))
        keep(ctx, talked)
        won = place % 2 == (place % 10 != 0)
        at = lead.created_at + 5 * DAY
        close = talked.after.move("qualify", now=at) if won else talked.after.disqualify("no", now=at)
        keep(ctx, close.then(lambda lead, at=at: lead.convert("A-1", now=at)) if won else close)
    train_leads(ctx)
    assert [field.name for field in model_in(ctx).fields] == ["region"]


def test_a_lead_closed_within_the_hour_is_learnt_as_it_was_before():
    ctx = context()
    for place in range(60):
        lead = a_lead(id=f"H-{place}", created_at=NOW - 50 * DAY, source="fair")
        for change in closed(lead, won=place % 2 == 0, after=HOUR, region="East" if place % 2 else "West"):
            keep(ctx, change)
    assert not train_leads(ctx).report.better


def test_history_that_tells_nothing_is_kept_as_the_base_rate_and_says_so(ctx):
    random = Random(3)
    for place in range(80):
        lead = a_lead(id=f"H-{place:03d}", created_at=NOW - 50 * DAY, source=random.choice(["fair", "web"]))
        for change in closed(lead, won=place % 4 == 0):
            keep(ctx, change)
    keep(ctx, created(a_lead()))
    trained = train_leads(ctx)

    assert (trained.report.better, trained.report.reasons[0].code) == (False, "prediction.no_better")
    decision = predict_lead(ctx, "L-1")
    assert decision.outcome is PredictionOutcome.BASE_RATE
    assert decision.probability == pytest.approx(20.5 / 81)
    assert "prediction.no_better" in [reason.code for reason in decision.reasons]


def test_without_any_training_half_is_told_and_why():
    ctx = context()
    keep(ctx, created(a_lead()))
    decision = predict_lead(ctx, "L-1")
    assert (decision.probability, decision.outcome) == (0.5, PredictionOutcome.BASE_RATE)
    assert [reason.code for reason in decision.reasons] == ["prediction.base_rate", "prediction.few"]
    assert lead_drift(ctx) == ()


def test_a_lead_that_is_not_there_is_not_predicted():
    with pytest.raises(NotFound):
        predict_lead(context(), "L-9")


@pytest.mark.parametrize("wrong", [{"days": 0}, {"early": -DAY}])
def test_a_window_that_is_none_is_refused(wrong):
    with pytest.raises(InvalidInput, match="must be positive"):
        train_leads(context(), **wrong)
    with pytest.raises(InvalidInput, match="must be positive"):
        lead_drift(context(), days=0)


def test_only_leads_of_the_window_are_learnt_from():
    ctx = context()
    history(ctx, 20)
    assert train_leads(ctx, days=99).report.rows == 0
    assert train_leads(ctx, days=101).report.rows == 20


def test_a_training_under_the_same_key_is_done_once(ctx):
    history(ctx, 20)
    first = train_leads(ctx, idempotency_key="k")
    history_again = [created(a_lead(id="H-9", created_at=NOW - DAY))]
    keep(ctx, *history_again)
    assert train_leads(ctx, idempotency_key="k") == first
    assert train_leads(ctx).model.version == 2
    assert model_in(ctx).version == 2


class TestWhoOptedOut:
    def test_is_told_the_base_rate_and_nothing_of_themselves(self, ctx):
        history(ctx)
        keep(ctx, created(a_lead(source="fair", tags=("no_profiling",))), policies=[NO_PROFILING])
        train_leads(ctx)
        decision = predict_lead(ctx, "L-1")
        assert decision.outcome is PredictionOutcome.OPTED_OUT
        assert decision.probability == model_in(ctx).base_rate
        assert what_would_predict(ctx, "L-1", "A") == ()

    def test_is_not_learnt_from_and_not_counted_as_drift(self):
        ctx = context()
        history(ctx, 60, tags=lambda place: ("no_profiling",) if place % 2 else ())
        keep(ctx, created(a_lead(source="fax", tags=("no_profiling",))), policies=[NO_PROFILING])
        assert train_leads(ctx).report.rows == 30
        assert lead_drift(ctx) == ()

    def test_nothing_is_foretold_of_them_and_what_was_is_not_told(self):
        ctx = context()
        keep(ctx, created(a_lead(tags=("no_profiling",))))
        foretell(ctx, "L-1", 0.9, by="M-1")
        keep(ctx, policies=[NO_PROFILING])
        assert predict_lead(ctx, "L-1").override is None
        with pytest.raises(NotAllowed):
            foretell(ctx, "L-1", 0.8, by="M-1")
        assert foretell(ctx, "L-1", None, by="M-1").override is None


class TestWhatSomebodyForetold:
    def test_stands_beside_the_probability_with_who_when_and_why(self, ctx):
        keep(ctx, created(a_lead()))
        before = predict_lead(ctx, "L-1")
        said = foretell(ctx, "L-1", 0.9, by="M-1", note="Met the CEO").override
        decision = predict_lead(ctx, "L-1")
        assert (decision.probability, decision.shown) == (before.probability, 0.9)
        assert decision.override == said
        assert (said.by, said.at, said.note) == ("M-1", NOW, "Met the CEO")

    def test_is_replaced_and_taken_back(self, ctx):
        keep(ctx, created(a_lead()))
        foretell(ctx, "L-1", 0.9, by="M-1")
        foretell(ctx, "L-1", 0.2, by="M-2")
        assert predict_lead(ctx, "L-1").shown == 0.2
        foretell(ctx, "L-1", None, by="M-2")
        assert predict_lead(ctx, "L-1").override is None

    def test_never_enters_a_training(self, ctx):
        history(ctx, 80)
        before = train_leads(ctx).report
        for place in range(80):
            foretell(ctx, f"H-{place:04d}", 0.99, by="M-1")
        assert train_leads(ctx).report == before

    @pytest.mark.parametrize("probability", [-0.1, 1.1])
    def test_is_a_probability(self, probability):
        ctx = context()
        keep(ctx, created(a_lead()))
        with pytest.raises(InvalidInput, match="between 0 and 1"):
            foretell(ctx, "L-1", probability, by="M-1")


def team_history(ctx, number):
    """In the east fairs are good, in the west they are bad."""
    random = Random(5)
    for place in range(number):
        source, owner = random.choice(["fair", "web"]), "M-1" if place % 2 else "M-2"
        won = random.random() < (0.9 if (source == "fair") == (owner == "M-1") else 0.1)
        lead = a_lead(id=f"H-{place:04d}", source=source, owner_id=owner, created_at=NOW - 100 * DAY)
        for change in closed(lead, won=won):
            keep(ctx, change)


def test_teams_have_models_of_their_own_until_the_next_training_of_all(ctx):
    team_history(ctx, 300)
    keep(ctx, *(created(a_member(id=f"M-{place}", team_id=f"TE-{place}")) for place in (1, 2, 3)))
    keep(ctx, *(created(a_lead(id=f"L-{place}", source="fair", owner_id=f"M-{place}")) for place in (1, 2, 3)))
    trained = train_leads(ctx, by_team=True)
    found = predict_leads(ctx, ["L-1", "L-2", "L-3"])

    assert [reason.code for reason in trained.teams] == ["prediction.team_own", "prediction.team_own"]
    assert found["L-1"].probability > 0.7 > 0.3 > found["L-2"].probability
    assert found["L-3"].policy.id == "lead"
    train_leads(ctx)
    assert {each.policy.id for each in predict_leads(ctx, ["L-1", "L-2"]).values()} == {"lead"}


def test_drift_is_told_of_the_open_leads_of_today(ctx):
    history(ctx)
    train_leads(ctx)
    keep(ctx, *(created(a_lead(id=f"L-{place}", source="fax", created_at=NOW - DAY)) for place in range(50)))
    (found,) = lead_drift(ctx)
    assert (found.name, found.unseen, found.reason.code) == ("source", 1.0, "prediction.drift")


def test_what_sales_filled_in_since_is_no_drift(ctx):
    for place in range(120):
        lead = a_lead(id=f"H-{place:03d}", source="fair", region="East" if place % 2 else "", created_at=NOW - 50 * DAY)
        for change in closed(lead, won=place % 2 == (place % 10 != 0)):
            keep(ctx, change)
    train_leads(ctx)
    for place in range(60):
        lead = a_lead(id=f"L-{place:03d}", source="fair", region="East" if place % 2 else "", created_at=NOW - 20 * DAY)
        keep(ctx, created(lead))
        keep(ctx, changed(lead, now=NOW - 9 * DAY, region="East"))
    assert {field.name: field.reason.code for field in lead_drift(ctx)} == {"region": "prediction.steady"}


def test_a_change_that_would_lift_the_lead_is_named(ctx):
    history(ctx)
    train_leads(ctx)
    keep(ctx, created(a_lead(source="web")))
    (found,) = what_would_predict(ctx, "L-1", "A")
    assert (found.field, found.value, found.grade) == ("source", "fair", "A")
    assert what_would_predict(ctx, "L-1", "A", fixed=["source"]) == ()


class TestFieldsOfTheHost:
    def test_declared_ones_are_learnt_from_and_no_others(self, ctx):
        for place in range(120):
            lead = a_lead(
                id=f"H-{place:03d}",
                created_at=NOW - 50 * DAY,
                custom={"staff": place % 40, "day": NOW.date() - place * DAY},
            )
            for change in closed(lead, won=place % 40 >= 20):
                keep(ctx, change)
        assert not train_leads(ctx).report.better
        assert train_leads(ctx, custom_fields=FIELDS).report.better
        assert [field.name for field in model_in(ctx).fields] == ["custom.staff"]

    def test_money_is_told_by_currency_and_dates_not_at_all(self):
        money = Money(minor=900, currency="EUR")
        custom = {"budget": money, "share": Decimal("0.5"), "since": NOW.date(), "seen": NOW}
        row = row_of(a_lead(amount=money, address=Address(city="杭州"), custom=custom))
        assert {name: row[name] for name in ("amount.EUR", "city", "custom.budget.EUR", "custom.share")} == {
            "amount.EUR": 900,
            "city": "杭州",
            "custom.budget.EUR": 900,
            "custom.share": Decimal("0.5"),
        }
        assert not any(name.startswith(("custom.since", "custom.seen")) for name in row)


def test_a_row_tells_nothing_that_comes_of_working_on_the_lead():
    worked = a_lead(
        status="qualified",
        score=90,
        grade="A1",
        account_id="A-1",
        owner_id="M-1",
        disqualified_reason="no",
        tags=("x",),
    )
    assert row_of(worked) == row_of(a_lead())


def test_reading_takes_the_same_number_of_queries_for_many_leads():
    """Each piece of 500 leads takes two queries of the history, whatever happened with them."""

    def asked(number):
        store = MemoryStore()
        ctx = context(store)
        keep(ctx, *(created(a_lead(id=f"H-{place:04d}", created_at=NOW - DAY)) for place in range(number)))
        counting = Counting(store)
        train_leads(context(counting))
        return counting.calls

    assert asked(10) == asked(400)
    assert asked(501) == asked(10) + 2


class Counting:
    """A store that counts how often its history is read."""

    def __init__(self, store):
        self.store, self.calls = store, 0

    def __getattr__(self, name):
        return getattr(self.store, name)

    def begin(self, *args, **kwargs):
        outer = self

        class Trail:
            def __init__(self, trail):
                self.trail = trail

            def __getattr__(self, name):
                outer.calls += 1
                return getattr(self.trail, name)

        class Begun:
            def __enter__(self):
                self.inside = outer.store.begin(*args, **kwargs)
                uow = self.inside.__enter__()
                uow.trail = Trail(uow.trail)
                return uow

            def __exit__(self, *error):
                return self.inside.__exit__(*error)

        return Begun()
