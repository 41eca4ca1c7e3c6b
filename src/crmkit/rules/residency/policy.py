"""``ResidencyPolicy``: where data is at home, where it may go, and what a law asks from how many people on.

>>> [(each.instrument, each.people) for each in PIPL.thresholds]
[('standard contract', 100000), ('security assessment', 1000000)]
"""

from typing import ClassVar

from crmkit.domain.model import Code, Line, model
from crmkit.errors import InvalidInput
from crmkit.rules.policy import Policy

__all__ = ["PIPL", "ResidencyPolicy", "Threshold"]


@model
class Threshold:
    """From so many people a year on, or so many whose data is sensitive, ``instrument`` is needed."""

    instrument: Code
    people: int
    sensitive: int

    def check(self) -> None:
        """Somebody reaches it."""
        if min(self.people, self.sensitive) < 1:
            raise InvalidInput(
                "must be 1 or more.", field="Threshold.people", hint="Leave the threshold out for never."
            )

    def reached(self, people: int, sensitive: int) -> bool:
        """Whether so many need it."""
        return people >= self.people or sensitive >= self.sensitive


@model
class ResidencyPolicy(Policy):
    """The terms of one law about data that leaves the country.

    Args:
        home: the regions within which data is at home.
        free: regions outside to which it may go without being counted.
        thresholds: what is needed from how many people on, from the least to the most; each covers those before it.
        instruments: those that are in place.
        zone: by whose clock the year begins.
        basis: where the terms come from.
    """

    kind: ClassVar[str] = "residency"

    home: tuple[Code, ...] = ()
    free: tuple[Code, ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    instruments: tuple[Code, ...] = ()
    zone: Code = "UTC"
    basis: Line = ""

    def check(self) -> None:
        """Thresholds grow, and instruments are theirs."""
        known = [each.instrument for each in self.thresholds]
        counts = [(each.people, each.sensitive) for each in self.thresholds]
        if sorted(counts) != counts or len(set(known)) < len(known):
            raise InvalidInput("must grow.", field="ResidencyPolicy.thresholds", hint="Give each instrument once.")
        strange = sorted(set(self.instruments) - set(known))
        if strange:
            hint = f"Choose from: {', '.join(known)}."
            raise InvalidInput(f"has {strange[0]}.", field="ResidencyPolicy.instruments", hint=hint)


PIPL = ResidencyPolicy(
    id="pipl",
    home=("CN",),
    thresholds=(
        Threshold(instrument="standard contract", people=100_000, sensitive=1),
        Threshold(instrument="security assessment", people=1_000_000, sensitive=10_000),
    ),
    zone="Asia/Shanghai",
    basis="PIPL Articles 38 to 40; Provisions on cross-border data flows of 22 March 2024, Articles 5, 7 and 8",
)
"""For who runs no critical infrastructure: below 100,000 people a year and without sensitive data nothing is needed; a
standard contract, or a certification in its place, up to a million people, or 10,000 with sensitive data."""
