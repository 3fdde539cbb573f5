"""The spool: can it be written, and what waits in it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from literalai_otel.diagnosis.finding import Finding, doubtful, fine, wrong
from literalai_otel.diagnosis.scene import Scene
from literalai_otel.export.spool import survey, writable

_NEARLY_FULL: Final = 0.9


def spool(scene: Scene) -> Iterator[Finding]:
    """The folder of the spool can be used; nothing is left in it that nobody sends."""
    folder = scene.config.spool_dir
    if folder is None:
        return
    about = "spool"
    problem = writable(Path(folder))
    if problem:
        yield wrong(
            about, f"{problem}: what cannot be delivered is lost", "correct LITERAL_SPOOL_DIR or its permissions"
        )
        return
    found = survey(Path(folder))
    if found.problem:
        yield wrong(about, f"{found.path} cannot be used: {found.problem}", "move the file away; a new one is made")
        return
    most = scene.config.spool_max_bytes
    if found.bytes > _NEARLY_FULL * most:
        says = (
            f"{found.bytes / 1e6:.0f} of {most / 1e6:.0f} MB are used: soon the oldest steps are dropped for new ones"
        )
        yield doubtful(about, says, "`literalai-otel replay`, or raise LITERAL_SPOOL_MAX_BYTES")
        return
    waiting = sum(target.waiting for target in found.targets)
    dead = sum(sum(target.dead.values()) for target in found.targets)
    if found.set_aside:
        says = f"broken files were put aside: {', '.join(found.set_aside)}"
        yield doubtful(about, says, f"look at the disk; delete them in {folder} when nothing in them matters")
    if waiting or dead:
        says = f"{waiting} left behind by ended processes, {dead} refused by a server"
        yield doubtful(
            about, says, "`literalai-otel replay` sends the first, `literalai-otel replay --list` shows both"
        )
    elif not found.set_aside:
        yield fine(about, f"{folder}, {found.bytes / 1e6:.1f} MB, nothing left behind")
