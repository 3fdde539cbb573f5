"""The processes that the demo starts, and their end."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

TERMINATE_WITHIN = 8.0
"""Seconds between asking a process to end and ending it."""
_PR_SET_PDEATHSIG = 1


class Interrupted(BaseException):
    """Ctrl-C, or a polite signal to end. `number` is the signal's."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Processes:
    """Starts processes in groups of their own and ends every one of them on leaving, the newest first."""

    def __init__(self) -> None:
        self._started: list[subprocess.Popen[str]] = []

    def __enter__(self) -> "Processes":
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _interrupt)
        return self

    def __exit__(self, *_: object) -> None:
        # A second Ctrl-C must not cut the clean-up short.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for process in reversed(self._started):
            self.stop(process)

    def start(
        self,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        capture: bool = False,
        log: Path | None = None,
    ) -> subprocess.Popen[str]:
        """Start `command`. `capture` makes its output readable here; `log` sends the rest of what it says to a file."""
        errors = log.open("w", encoding="utf-8") if log else None
        try:
            process = subprocess.Popen(
                [str(word) for word in command],
                env=dict(env) if env is not None else None,
                # A pipe that closes with us: model_server.py ends on it.
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if capture else errors,
                stderr=errors,
                text=True,
                start_new_session=True,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            )
        finally:
            if errors:
                errors.close()
        self._started.append(process)
        return process

    def stop_all_but(self, kept: subprocess.Popen[str]) -> None:
        """End every other process."""
        for process in reversed(self._started):
            if process is not kept:
                self.stop(process)

    def stop(self, process: subprocess.Popen[str]) -> None:
        """End the process and what it started."""
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(TERMINATE_WITHIN)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()
        if process in self._started:
            self._started.remove(process)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    raise Interrupted(number)


def _end_with_parent() -> None:
    """In the new process, on Linux: be told to end when the demo is gone, even if that was killed."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
