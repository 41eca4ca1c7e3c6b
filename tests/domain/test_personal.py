"""The table of personal fields names what there is."""

import pytest

from crmkit.domain.model import annotations_of
from crmkit.domain.personal import PERSONAL, SUBJECTS_OF_DATA, personal_fields
from crmkit.ports.store import REPOSITORIES

ENTITIES = {cls.entity: cls for cls in REPOSITORIES.values()}


@pytest.mark.parametrize("entity", PERSONAL)
def test_every_personal_field_is_a_field_of_its_entity(entity: str) -> None:
    assert personal_fields(entity) <= set(annotations_of(ENTITIES[entity]))


def test_names_and_contact_points_of_people_are_personal() -> None:
    for entity in SUBJECTS_OF_DATA:
        assert {"name", "phones", "emails", "handles", "address"} <= personal_fields(entity)
