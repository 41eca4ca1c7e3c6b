"""The contract of ``ports.Commands``: a repeated command gets the answer of the first."""

import pytest

from crmkit.domain.change import created
from crmkit.domain.ids import Ref
from crmkit.domain.stewardship.audit import Acting
from crmkit.domain.values.money import Money
from crmkit.errors import Conflict, Duplicate
from crmkit.ports.store import Store
from crmkit.testing.builders import a_lead, an_opportunity
from crmkit.testing.contracts.steps import save

__all__ = ["CommandsContract"]

ANSWER = Ref(entity="lead", id="L-1")


class CommandsContract:
    """Answers under idempotency keys. Required fixture: ``store``, empty."""

    def test_a_repeat_gets_the_same_answer(self, store: Store) -> None:
        """What was remembered is recalled by every later unit of work, and by its own."""
        with store.begin() as uow:
            assert uow.commands.recall("key", Ref) is None
            uow.commands.remember("key", ANSWER)
            assert uow.commands.recall("key", Ref) == ANSWER
            uow.commit()

        with store.begin(read_only=True) as uow:
            assert uow.commands.recall("key", Ref) == ANSWER

    def test_any_value_can_be_an_answer(self, store: Store) -> None:
        """Values, and records with all they hold."""
        answers = [Money(minor=2**63 - 1, currency="JPY"), a_lead(title="e\u0301"), an_opportunity(), Acting()]
        with store.begin() as uow:
            for place, answer in enumerate(answers):
                uow.commands.remember(f"key {place}", answer)
            uow.commit()

        with store.begin() as uow:
            assert [uow.commands.recall(f"key {place}", type(each)) for place, each in enumerate(answers)] == answers

    def test_a_key_of_another_command_is_refused(self, store: Store) -> None:
        """A key whose answer is of another kind raises ``Conflict``."""
        store.run(lambda uow: uow.commands.remember("key", ANSWER))

        with store.begin() as uow, pytest.raises(Conflict):
            uow.commands.recall("key", Money)

    def test_an_answer_is_given_once(self, store: Store) -> None:
        """A key that has an answer raises ``Duplicate``, and keeps the first."""
        store.run(lambda uow: uow.commands.remember("key", ANSWER))

        with pytest.raises(Duplicate):
            store.run(lambda uow: uow.commands.remember("key", Ref(entity="lead", id="L-2")))
        with store.begin() as uow:
            assert uow.commands.recall("key", Ref) == ANSWER

    def test_an_answer_shares_the_fate_of_the_command(self, store: Store) -> None:
        """Rolled back together with what the command wrote."""
        with store.begin() as uow:
            uow.save(created(a_lead()))
            uow.commands.remember("key", ANSWER)

        with store.begin() as uow:
            assert (uow.commands.recall("key", Ref), uow.leads.count()) == (None, 0)
        save(store, created(a_lead()))
        store.run(lambda uow: uow.commands.remember("key", ANSWER))

    def test_keys_are_compared_exactly(self, store: Store) -> None:
        """Keys that differ in case, blanks or code points belong to different commands."""
        keys = ["key", "KEY", "key ", "k%", "k_y", "é", "e\u0301", "'; DROP TABLE crm_commands; --", "x" * 500]
        with store.begin() as uow:
            for place, key in enumerate(keys):
                uow.commands.remember(key, Ref(entity="lead", id=f"L-{place}"))
            uow.commit()

        with store.begin() as uow:
            answers = [uow.commands.recall(key, Ref) for key in keys]
        assert [answer and answer.id for answer in answers] == [f"L-{place}" for place in range(len(keys))]

    def test_an_answer_is_forgotten_by_what_it_holds(self, store: Store) -> None:
        """``forget`` leaves no answer that holds one of the texts in part, or one of the ids as it is, and keeps the others."""
        with store.begin() as uow:
            uow.commands.remember("one", a_lead(title="李伟's boss"))
            uow.commands.remember("two", ANSWER)
            uow.commands.remember("three", Ref(entity="lead", id="L-9"))
            uow.commands.remember("four", Ref(entity="lead", id="L-90"))
            assert uow.commands.forget(["李伟"], ids=["L-9"]) == 2
            uow.commit()

        with store.begin() as uow:
            assert uow.commands.recall("one", Ref) is None
            assert uow.commands.recall("two", Ref) == ANSWER
            assert uow.commands.recall("four", Ref) is not None
            assert uow.commands.forget(["李伟"], ids=["L-9"]) == 0
