"""The numbers of a delivery as OpenTelemetry metrics."""

import gc

from inline_snapshot import snapshot
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from literalai_otel.config import Config
from literalai_otel.export import Delivery, delivery, metrics


def collected(reader: InMemoryMetricReader) -> dict[str, dict[str, int]]:
    """Metric -> error type, or nothing -> value."""
    data = reader.get_metrics_data()
    found: dict[str, dict[str, int]] = {}
    for resource in data.resource_metrics if data is not None else ():
        for scope in resource.scope_metrics:
            assert scope.scope.name == "literalai_otel"
            for metric in scope.metrics:
                for point in metric.data.data_points:
                    assert point.attributes["otel.component.type"] == "literalai_delivery"
                    kind = str(point.attributes.get("error.type", ""))
                    found.setdefault(f"{metric.name} {metric.unit}", {})[kind] = point.value
    return found


def test_they_say_what_the_counters_say(sink, spooled_to, a_step, answer):
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    sending = spooled_to(sink.url, batch_size=5, max_units=20)
    metrics.observe(sending, provider)
    sink.refused = {"s2"}
    sink.script.append(answer(status=503))
    for number in range(5):
        sending.submit_step(a_step(f"s{number}"))
    sending.flush(10)
    sink.always = answer(cut=True)
    with sending._changed:
        for number in range(25):
            sending.submit_step(a_step(f"t{number}"))
    sending.shutdown(10)
    found = collected(reader)
    retried = found.pop("literalai.delivery.requests.retried {request}")[""]
    assert retried == sending.counters().retried >= 1
    assert found == snapshot(
        {
            "otel.sdk.processor.span.processed {span}": {"": 5, "queue_full": 5},
            "otel.sdk.exporter.span.exported {span}": {"": 4, "rejected": 1},
            "otel.sdk.processor.span.queue.size {span}": {"": 0},
            "literalai.delivery.spool.size {span}": {"": 20},
        }
    )
    provider.shutdown()


def test_they_end_with_the_delivery(sink, delivery_to):
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    sending = Delivery(None)
    metrics.observe(sending, provider)
    assert collected(reader)
    del sending
    gc.collect()
    assert collected(reader) == {}
    provider.shutdown()


def test_the_setting_switches_them_on(monkeypatch):
    observed: list[Delivery] = []
    monkeypatch.setattr(delivery, "observe", observed.append)
    for wanted in (False, True):
        config = Config.load({}, api_key="key", api_url="http://127.0.0.1:1", metrics=wanted)
        made = Delivery.from_config(config, batch_size=5)
        assert observed == ([made] if wanted else [])
