"""What the context needs of a client, and which client the module-level names use."""

from typing import Protocol

from opentelemetry import trace
from opentelemetry.trace import NoOpTracerProvider, ProxyTracerProvider, Tracer, TracerProvider

from literalai_otel.attributes import STEP_SCOPE
from literalai_otel.model import Step, Thread


class Sink(Protocol):
    """Where threads and messages go; `export.Delivery` is one. Nothing here raises, and only `flush` blocks."""

    def submit_step(self, step: Step, *, environment: str | None = None) -> None:
        """Queue a step that was never a span."""
        ...

    def submit_thread(self, thread: Thread, *, environment: str | None = None) -> None:
        """Queue an upsert of a thread, in order with the steps of that thread."""
        ...

    def count_sampled_out(self, n: int = 1) -> None:
        """Count steps that a sampler decided against."""
        ...

    def flush(self, timeout: float | None = None) -> object:
        """Wait until everything queued so far is delivered, `timeout` seconds at most."""
        ...


class Client(Protocol):
    """One project's way in. `name` is unique in the process; None means no client at all."""

    @property
    def name(self) -> str | None:
        """Told to every span that starts in a scope of this client, so that each processor takes only its own."""
        ...

    @property
    def tracer(self) -> Tracer:
        """Opens step spans, with scope `literalai_otel.context`."""
        ...

    @property
    def tracer_provider(self) -> TracerProvider:
        """What instrumentors use inside a scope of a private client."""
        ...

    @property
    def private(self) -> bool:
        """The provider is the client's own, apart from the host's."""
        ...

    @property
    def sink(self) -> Sink | None:
        """None: threads and messages have nowhere to go."""
        ...

    @property
    def default_environment(self) -> str | None:
        """`dev`, `staging`, `prod` or `experiment`, where no `environment` scope says otherwise."""
        ...

    @property
    def release(self) -> str | None:
        """Version of the application; becomes `metadata.release`."""
        ...

    @property
    def disabled(self) -> bool:
        """Decorated code runs, nothing is recorded."""
        ...

    def covers(self, span: trace.SpanContext) -> bool:
        """Whether a step of this client, or another service, is known to stand above or at `span`."""
        ...


class _AmbientClient:
    """Before any client exists: steps are spans on the host's global provider, the rest has nowhere to go."""

    name = None
    private = False
    sink = None
    default_environment = None
    release = None
    disabled = False

    def __init__(self) -> None:
        self._known: tuple[TracerProvider, Tracer] | None = None

    @property
    def tracer_provider(self) -> TracerProvider:
        return trace.get_tracer_provider()

    @property
    def tracer(self) -> Tracer:
        provider = self.tracer_provider
        if self._known is None or self._known[0] is not provider:
            self._known = (provider, provider.get_tracer(STEP_SCOPE))
        return self._known[1]

    def covers(self, span: trace.SpanContext) -> bool:
        return True


class _Default:
    """The client of the module-level names."""

    def __init__(self) -> None:
        self.ambient: Client = _AmbientClient()
        self.client: Client | None = None


_default = _Default()


def set_default_client(client: Client | None) -> None:
    """Make `client` the one that `literalai_otel.thread`, `run`, `step` and `message` use; None forgets it."""
    _default.client = client


def default_client() -> Client | None:
    """The client of the module-level names, None before `init()`."""
    return _default.client


def choose_client(of_context: Client | None) -> Client:
    """The client of the surroundings, else the default one, else the host's global provider alone."""
    return of_context or _default.client or _default.ambient


def host_traces() -> bool:
    """Whether the host has set a tracer provider of its own."""
    return not isinstance(trace.get_tracer_provider(), (ProxyTracerProvider, NoOpTracerProvider))
