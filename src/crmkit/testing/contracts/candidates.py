"""The contract of ``ports.CandidateIndex``: keys stand and fall with the records they were made from."""

from itertools import chain

from crmkit.domain.change import changed, created, removed
from crmkit.domain.ids import Ref
from crmkit.domain.values.contact_points import Email, Phone
from crmkit.ports.store import Store
from crmkit.rules.dedup.keys import match_keys
from crmkit.testing.builders import a_contact, a_lead, a_task, an_account
from crmkit.testing.clock import NOW
from crmkit.testing.contracts.steps import noted, save

__all__ = ["CandidateIndexContract"]

NUMBER, KEY = "13800138000", "phone:+8613800138000"
OTHER_NUMBER, OTHER_KEY = "13900139000", "phone:+8613900139000"


class CandidateIndexContract:
    """Records are found by match keys. Required fixture: ``store``, empty, opened with the standard key function."""

    def test_keys_are_found_from_the_save_on(self, store: Store) -> None:
        """A record is found by each of its keys, in its own unit of work already."""
        lead = a_lead(phones=[Phone.parse(NUMBER)], emails=[Email.parse("Li.Wei@Yunshan.example")])
        with store.begin() as uow:
            uow.save(created(lead))
            assert list(uow.keys.find([KEY])[KEY]) == [lead.ref]
            uow.commit()

        with store.begin() as uow:
            assert set(uow.keys.find([KEY, "email:li.wei@yunshan.example", "phone:+1"])) == {
                KEY,
                "email:li.wei@yunshan.example",
            }

    def test_keys_follow_the_record(self, store: Store) -> None:
        """A change gives up the old key and takes the new one; a removal gives up all."""
        lead = a_lead(phones=[Phone.parse(NUMBER)])
        moved = changed(lead, now=NOW, phones=[Phone.parse(OTHER_NUMBER)])
        save(store, created(lead))
        save(store, moved)
        assert _found(store, KEY, OTHER_KEY) == {OTHER_KEY: [lead.ref]}

        save(store, removed(moved.after, noted()))
        assert _found(store, KEY, OTHER_KEY) == {}

    def test_a_change_of_other_fields_keeps_the_keys(self, store: Store) -> None:
        """Keys do not get lost when a save has nothing to do with them."""
        lead = a_lead(phones=[Phone.parse(NUMBER)])
        save(store, created(lead))
        save(store, changed(lead, now=NOW, score=5))

        assert _found(store, KEY) == {KEY: [lead.ref]}

    def test_records_of_several_entities_share_a_key(self, store: Store) -> None:
        """Leads, contacts and accounts stand under one key in the order of their ids."""
        phones = [Phone.parse(NUMBER)]
        sharing = [a_lead(id="2", phones=phones), an_account(id="3", phones=phones), a_contact(id="1", phones=phones)]
        save(store, *map(created, sharing), created(a_task()))

        assert _found(store, KEY) == {
            KEY: [Ref(entity="contact", id="1"), Ref(entity="lead", id="2"), Ref(entity="account", id="3")]
        }

    def test_one_of_several_records_gives_up_its_key_alone(self, store: Store) -> None:
        """The others keep it."""
        leads = [a_lead(id=f"L-{number}", phones=[Phone.parse(NUMBER)]) for number in range(3)]
        save(store, *map(created, leads))
        save(store, changed(leads[1], now=NOW, phones=()))

        assert [ref.id for ref in _found(store, KEY)[KEY]] == ["L-0", "L-2"]

    def test_the_limit_holds_for_each_key(self, store: Store) -> None:
        """Of each key at most ``limit`` records, those with the smallest ids."""
        save(store, *(created(a_lead(id=f"L-{number}", phones=[Phone.parse(NUMBER)])) for number in range(7)))
        save(store, created(a_contact(phones=[Phone.parse(OTHER_NUMBER)])))

        with store.begin() as uow:
            found = uow.keys.find([KEY, OTHER_KEY], limit=3)
        assert {key: [ref.id for ref in refs] for key, refs in found.items()} == {
            KEY: ["L-0", "L-1", "L-2"],
            OTHER_KEY: ["C-1"],
        }

    def test_unknown_keys_are_left_out(self, store: Store) -> None:
        """Keys that nobody has do not stand in the answer; repeated ones stand once; no keys find nothing."""
        save(store, created(a_lead(phones=[Phone.parse(NUMBER)])))

        assert list(_found(store, KEY, KEY, "phone:+1", "", "'; DROP TABLE crm_keys; --")) == [KEY]
        assert _found(store) == {}

    def test_keys_are_compared_exactly(self, store: Store) -> None:
        """A key that is only similar is another key."""
        save(store, created(a_lead(phones=[Phone.parse(NUMBER)])))

        assert _found(store, KEY.upper(), KEY + " ", KEY[:-1] + "_", KEY[:-1] + "%", KEY[:-1]) == {}

    def test_what_is_rolled_back_has_no_keys(self, store: Store) -> None:
        """Keys share the fate of the rows."""
        with store.begin() as uow:
            uow.save(created(a_lead(phones=[Phone.parse(NUMBER)])))

        assert _found(store, KEY) == {}

    def test_keys_are_listed_added_and_removed_one_by_one(self, store: Store) -> None:
        """What ``rekey`` needs: entries in a fixed order, page by page, each removable and each to be had again."""
        leads = [a_lead(id=f"L-{number}", phones=[Phone.parse(NUMBER)]) for number in range(3)]
        save(store, *map(created, leads))
        with store.begin() as uow:
            every = list(uow.keys.entries())
            paged = [list(uow.keys.entries(after=after, limit=1)) for after in (None, *every)]
            assert [*chain(*paged)] == every
            assert {entry.key for entry in every if entry.record == leads[0].ref} == set(uow.keys.of(leads[0]))
            kept = dict(zip(match_keys(leads[0]), uow.keys.of(leads[0]), strict=True))[KEY]
            ours = [entry for entry in every if entry.key == kept]
            uow.keys.remove(ours[1:])
            uow.keys.remove(ours[2:])
            assert list(uow.keys.find([KEY])[KEY]) == [leads[0].ref]
            uow.keys.add(leads[:2])
            uow.keys.add(leads[:2])
            assert list(uow.keys.find([KEY])[KEY]) == [leads[0].ref, leads[1].ref]

    def test_new_keys_are_up_to_date(self, store: Store) -> None:
        """Nothing to make anew in an empty store, after the first save, after one that was rolled back, once settled."""
        with store.begin() as uow:
            assert not uow.keys.outdated()
            uow.save(created(a_lead()))
        with store.begin() as uow:
            assert not uow.keys.outdated()
            uow.save(created(a_lead()))
            uow.commit()
        with store.begin() as uow:
            assert not uow.keys.outdated()
            uow.keys.settle()
            uow.commit()
        with store.begin(read_only=True) as uow:
            assert not uow.keys.outdated()


def _found(store: Store, *keys: str) -> dict[str, list[Ref]]:
    with store.begin(read_only=True) as uow:
        return {key: list(refs) for key, refs in uow.keys.find(keys).items()}
