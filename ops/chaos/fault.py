"""What a fault is: its name, what is promised when it strikes, and how it is done."""
from dataclasses import dataclass, field
from typing import Callable, Optional


def nothing_needed(_run):
    return None


@dataclass(frozen=True)
class Fault:
    name: str
    promise: str
    how: str
    # inject(run, chance): does it, from beginning to end, and may return a remark for the log. `chance` is the stream's own random.Random.
    inject: Callable
    # Whom it strikes: `workers` or `servers`. A parallel run has a stream of each.
    stream: str = "servers"
    # Why it cannot be done here, or None; asked once, when everything runs.
    missing: Callable = nothing_needed
    # What must be started for it: of `kafka_proxy`, `redis_proxy`, `clocks`.
    wants: tuple = ()
    # after(run): what there is to say of it when everything has got done; asked once.
    after: Optional[Callable] = None


@dataclass
class Occurrence:
    """One time that a fault struck."""
    name: str
    began: float  # wall time, seconds
    ended: float = 0.0
    remark: Optional[str] = None
    victims: list = field(default_factory=list)  # slots
