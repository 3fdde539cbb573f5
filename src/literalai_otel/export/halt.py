"""How delivery tells its workers that time is short."""

import threading
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Halt:
    """`closing`: no more waiting. `abandoned`: no more attempts, the units are counted as lost already."""

    closing: threading.Event = field(default_factory=threading.Event)
    abandoned: threading.Event = field(default_factory=threading.Event)
