"""What theory says of a single station, to hold a simulation against."""

from crmkit.errors import InvalidInput

__all__ = ["mean_wait"]


def mean_wait(*, rate: float, mean: float, servers: int) -> float:
    """The mean time before service of M/M/c, in the unit of ``mean``; ``rate`` is arrivals per that unit.

    Erlang's C formula (Gross, Harris: Fundamentals of Queueing Theory, 4th ed., section 2.3), by the
    recursion of Erlang B, which stays exact for many servers.

    Raises:
        InvalidInput: more comes in than can be done.

    >>> mean_wait(rate=0.5, mean=1.0, servers=1)
    1.0
    """
    load = rate * mean
    if not 0 < load < servers:
        raise InvalidInput("must be more than 0 and less than servers.", field="rate * mean", hint="Add servers.")
    blocked = 1.0
    for count in range(1, servers + 1):
        blocked = load * blocked / (count + load * blocked)
    waiting = servers * blocked / (servers - load * (1 - blocked))
    return waiting * mean / (servers - load)
