"""When a request is sent again, after how long, and when to give up.

Again: 408, 425, 429, every 5xx that may pass, and answers that never came, each up to `RetryPolicy`. Not again:
other statuses, GraphQL errors, answers that are no JSON. `Retry-After` wins over the backoff. Waiting ends the
moment delivery closes.

What is on the disk is sent again without end, for as long as its trouble is not its own: also past a refused key or a
wrong address, which somebody may put right. Only a status of 500 keeps its bound.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, wait_exponential, wait_random

from literalai_otel.errors import APIStatusError, ConfigError, GraphQLError, TransportError
from literalai_otel.export.counters import DropReason
from literalai_otel.export.halt import Halt

T = TypeVar("T")

_ISOLATED_STATUSES: Final = (400, 413, 422)
_REFUSED_KEY: Final = (401, 403)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Waits and ages in seconds.

    A status of 500 and an answer that is no JSON get fewer attempts than an outage: the one may come from a single
    poisoned step, which must not hold up the others for long, the other from a wrong address. `patient`: what is on the
    disk is tried without end.
    """

    first_wait: float = 0.25
    longest_wait: float = 30.0
    longest_retry_after: float = 120.0
    give_up_after: float = 600.0
    patient: bool = True
    attempts_when_answered: int = 6
    closing_attempts: int = 4
    longest_closing_wait: float = 0.5


def is_retryable(error: BaseException) -> bool:
    """The same request may succeed later."""
    return isinstance(error, TransportError | APIStatusError) and error.retryable


def is_passing(error: BaseException) -> bool:
    """The trouble is the server's or the settings', whatever is sent."""
    if isinstance(error, APIStatusError):
        return error.status in _REFUSED_KEY or (error.retryable and error.status != 500)
    return isinstance(error, TransportError | ConfigError)


def is_isolating(error: BaseException) -> bool:
    """The fault may lie in one step of the batch: its halves are worth an attempt of their own."""
    return isinstance(error, GraphQLError) or (isinstance(error, APIStatusError) and error.status in _ISOLATED_STATUSES)


def reason_of(error: BaseException) -> DropReason:
    """How a loss through `error` is counted."""
    match error:
        case APIStatusError(status=status) if status in _REFUSED_KEY:
            return "unauthorized"
        case APIStatusError(status=413):
            return "too_large"
        case APIStatusError():
            return "server_error" if error.retryable else "rejected"
        case GraphQLError():
            return "rejected"
        case ConfigError():
            return "misconfigured"
        case TransportError():
            return "bad_answer" if error.answered or not error.retryable else "unreachable"
        case _:
            return "internal_error"


class Retries:
    """Runs requests until they succeed or the policy is exhausted.

    Args:
        policy: Waits and bounds.
        halt: Ends waits and attempts.
        on_retry: Called before each repetition with the error and the seconds since the first attempt.
        endless: What is sent is on the disk.
    """

    def __init__(
        self,
        policy: RetryPolicy,
        halt: Halt,
        on_retry: Callable[[BaseException, float], None],
        *,
        endless: bool = False,
    ) -> None:
        self._policy = policy
        self._halt = halt
        self._on_retry = on_retry
        self._endless = endless and policy.patient
        self._backoff = wait_exponential(multiplier=policy.first_wait, max=policy.longest_wait) + wait_random(
            0, policy.first_wait
        )

    def run(self, request: Callable[[], T]) -> T:
        """The answer of `request`; raises its last error."""
        attempts_while_closing = 0

        def exhausted(state: RetryCallState) -> bool:
            nonlocal attempts_while_closing
            attempts_while_closing += self._halt.closing.is_set()
            return self._exhausted(state, attempts_while_closing)

        return Retrying(
            retry=retry_if_exception(self._is_worth_it),
            wait=self._wait,
            stop=exhausted,
            sleep=self._sleep,
            before_sleep=lambda state: self._on_retry(_error(state), state.seconds_since_start or 0.0),
            reraise=True,
        )(request)

    def _is_worth_it(self, error: BaseException) -> bool:
        return is_retryable(error) or (self._endless and is_passing(error) and not isinstance(error, ConfigError))

    def _exhausted(self, state: RetryCallState, attempts_while_closing: int) -> bool:
        policy, error = self._policy, _error(state)
        if self._halt.abandoned.is_set():
            return True
        if self._endless and is_passing(error):
            if not attempts_while_closing:
                return False
            if not is_retryable(error):
                return True
        elif (state.seconds_since_start or 0.0) >= policy.give_up_after:
            return True
        if isinstance(error, APIStatusError) and error.status != 500:
            return bool(attempts_while_closing and (error.retry_after or 0.0) > policy.longest_closing_wait)
        answered = not isinstance(error, TransportError) or error.answered
        if answered and state.attempt_number >= policy.attempts_when_answered:
            return True
        return isinstance(error, TransportError) and attempts_while_closing >= policy.closing_attempts

    def _wait(self, state: RetryCallState) -> float:
        error = _error(state)
        if isinstance(error, APIStatusError) and error.retry_after is not None:
            return min(error.retry_after, self._policy.longest_retry_after)
        if not is_retryable(error):
            return self._policy.longest_wait
        return self._backoff(state)

    def _sleep(self, seconds: float) -> None:
        if self._halt.closing.is_set():
            self._halt.abandoned.wait(min(seconds, self._policy.longest_closing_wait))
        else:
            self._halt.closing.wait(seconds)


def _error(state: RetryCallState) -> BaseException:
    error = state.outcome.exception() if state.outcome is not None else None
    assert error is not None, "tenacity asks only after a failed attempt"
    return error
