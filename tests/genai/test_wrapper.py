"""Patches come, go without a trace, and know whether they are on."""

import asyncio
import inspect
import pickle
import sys
from collections.abc import Iterator
from functools import wraps
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from opentelemetry import trace

from literalai_otel.genai import Instrumentor, Patch, PatchSet, Recorder, Recording, record_calls
from literalai_otel.testing import SpanCapture

MODULE = "literalai_otel_test_sdk"


class Client:
    """A small SDK."""

    def call(self, value: int, *, double: bool = False) -> Any:
        """Calls."""
        if value < 0:
            raise ValueError(value)
        return (value * (2 if double else 1), trace.get_current_span().is_recording())

    async def acall(self, value: int) -> Any:
        """Calls, later."""
        await asyncio.sleep(0)
        return (value, trace.get_current_span().is_recording())


@pytest.fixture
def sdk_module(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    module = ModuleType(MODULE)
    module.Client = type("Client", (), {**Client.__dict__, "__module__": MODULE, "__qualname__": "Client"})  # type: ignore[attr-defined] - made here
    for name in ("call", "acall"):
        module.Client.__dict__[name].__qualname__ = f"Client.{name}"
        module.Client.__dict__[name].__module__ = MODULE
    monkeypatch.setitem(sys.modules, MODULE, module)
    yield module
    for name in ("call", "acall"):
        getattr(Client, name).__module__ = __name__


class Ending:
    """A call that ends with its result."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording

    def returned(self, result: Any) -> None:
        self.recording.complete()

    def failed(self, error: BaseException) -> None:
        self.recording.fail(error)


@pytest.fixture
def patches(recorder: Recorder, sdk: SimpleNamespace) -> Iterator[PatchSet]:
    def begin(instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Ending | None:
        if args == (13,):
            raise RuntimeError("ours")
        recording = recorder.open(sdk.inference())
        return None if recording is None else Ending(recording)

    patches = PatchSet(
        (Patch(MODULE, "Client.call", record_calls(begin)), Patch(MODULE, "Client.acall", record_calls(begin)))
    )
    yield patches
    patches.remove()


def test_calls_are_recorded_and_look_as_before(sdk_module: Any, patches: PatchSet, capture: SpanCapture) -> None:
    original = sdk_module.Client.__dict__["call"]
    patches.apply()
    client = sdk_module.Client()
    assert client.call(2, double=True) == (4, True)
    assert not trace.get_current_span().is_recording()
    assert len(capture.spans) == 1
    assert inspect.signature(sdk_module.Client.call) == inspect.signature(original)
    assert sdk_module.Client.call.__doc__ == "Calls."
    assert inspect.isfunction(sdk_module.Client.call)
    assert inspect.iscoroutinefunction(sdk_module.Client.acall)
    assert pickle.loads(pickle.dumps(sdk_module.Client.call)) is sdk_module.Client.call
    assert asyncio.run(client.acall(1)) == (1, True)


def test_the_callers_exception_is_the_callers(sdk_module: Any, patches: PatchSet, capture: SpanCapture) -> None:
    patches.apply()
    with pytest.raises(ValueError, match="-1") as raised:
        sdk_module.Client().call(-1)
    assert raised.value.__context__ is None
    assert capture.one().description == "-1"


def test_a_failure_of_ours_is_not_the_callers(sdk_module: Any, patches: PatchSet, capture: SpanCapture) -> None:
    patches.apply()
    assert sdk_module.Client().call(13) == (13, False)
    assert capture.spans == []


def test_removed_means_gone(sdk_module: Any, patches: PatchSet, capture: SpanCapture) -> None:
    originals = dict(sdk_module.Client.__dict__)
    patches.apply()
    bound = sdk_module.Client().call
    patches.remove()
    assert {name: sdk_module.Client.__dict__[name] for name in originals} == originals
    assert bound(1) == (1, False)
    assert capture.spans == []
    patches.apply()
    assert bound(1) == (1, True)


def test_another_vendors_wrapper_stays(sdk_module: Any, patches: PatchSet, capture: SpanCapture) -> None:
    patches.apply()
    ours = sdk_module.Client.call

    @wraps(ours)
    def theirs(self: Any, *args: Any) -> Any:
        return ("theirs", ours(self, *args))

    sdk_module.Client.call = theirs
    patches.remove()
    assert sdk_module.Client().call(1) == ("theirs", (1, False))
    assert capture.spans == []


def test_a_module_is_patched_when_it_comes(
    sdk_module: Any, patches: PatchSet, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.delitem(sys.modules, MODULE)
    (tmp_path / f"{MODULE}.py").write_text("class Client:\n    def call(self):\n        return 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    patches.apply()
    module = __import__(MODULE)
    try:
        assert hasattr(module.Client.call, "__wrapped__")
        assert not hasattr(module.Client, "acall")
    finally:
        patches.remove()
    assert not hasattr(module.Client.call, "__wrapped__")


def test_a_missing_name_is_told(sdk_module: Any) -> None:
    told: list[str] = []
    patch = Patch(MODULE, "Client.gone", lambda original, patches: original, lambda patch: told.append(patch.target))
    PatchSet((patch, Patch(MODULE, "Nobody.gone", lambda original, patches: original))).apply()
    assert told == ["Client.gone"]


def test_a_patch_that_cannot_be_made_reaches_nobody(sdk_module: Any) -> None:
    def wrap(original: Any, patches: PatchSet) -> Any:
        raise RuntimeError("ours")

    PatchSet((Patch(MODULE, "Client.call", wrap),)).apply()
    assert sdk_module.Client().call(1) == (1, False)


def test_an_instrumentor_is_its_patch_table(sdk_module: Any, sdk: SimpleNamespace) -> None:
    class Small(Instrumentor):
        framework = "small"
        dependencies = ("pytest >= 1",)

        def patches(self, recorder: Recorder) -> tuple[Patch, ...]:
            return (Patch(MODULE, "Client.call", record_calls(lambda *call: Ending(recorder.open(sdk.inference())))),)  # type: ignore[arg-type] - not None here

    provider, capture = SpanCapture.provider()
    for _ in range(2):
        Small().instrument(tracer_provider=provider)
        Small().instrument(tracer_provider=provider)
        sdk_module.Client().call(1)
        Small().uninstrument()
        Small().uninstrument()
        sdk_module.Client().call(1)
    assert [span.scope for span in capture.spans] == ["literalai_otel.instrumentors.small"] * 2


def test_a_missing_library_is_no_instrumentation(sdk_module: Any, sdk: SimpleNamespace) -> None:
    class Absent(Instrumentor):
        framework = "absent"
        dependencies = ("no-such-distribution-of-ours >= 1",)

        def patches(self, recorder: Recorder) -> tuple[Patch, ...]:
            raise AssertionError("not asked")

    Absent().instrument()
    assert not Absent().is_instrumented_by_opentelemetry
