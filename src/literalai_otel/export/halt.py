"""How delivery tells its workers that time is short."""

import threading
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Halt:
    """`closing`: no more waiting. `abandoned`: no more attempts, the units are counted already.

    `hopeless`: closing, and the server does not take them: what is not on the disk yet is brought there, and no more.
    """

    closing: threading.Event = field(default_factory=threading.Event)
    abandoned: threading.Event = field(default_factory=threading.Event)
    hopeless: threading.Event = field(default_factory=threading.Event)
