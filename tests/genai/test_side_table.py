"""The table that holds what goes beside spans, under threads."""

import sys
import threading

from literalai_otel.genai.side_table import SideTable

THREADS = 4
EACH = 3000


def test_what_is_kept_is_bounded_while_an_exporter_takes_from_it():
    table = SideTable()
    table.keep_until_taken(8)
    problems: list[BaseException] = []
    taken: list[object] = []

    def end_spans(trace_id: int) -> None:
        try:
            for span_id in range(EACH):
                table.put((trace_id, span_id), {})
                if span_id % 2:
                    taken.append(table.take((trace_id, span_id - 1)))
        except BaseException as problem:
            problems.append(problem)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=end_spans, args=(number,)) for number in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert problems == []
    found = sum(fields is not None for fields in taken)
    assert len(table) <= 8
    assert found + len(table) + table.evicted == THREADS * EACH
