"""What the engine looks at: one person, one place, and how many went before."""

from attrs import frozen

__all__ = ["ResidencyFacts"]


@frozen(kw_only=True)
class ResidencyFacts:
    """One person whose data is to go somewhere.

    Args:
        subject_region: where the person lives.
        sink_region: where the data would go.
        people: how many people's data has gone abroad this year, with this one.
        sensitive: how many people's sensitive data, with this one if theirs is.
    """

    subject_region: str
    sink_region: str
    people: int = 1
    sensitive: int = 0
