"""Step ids from span ids."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from literalai_otel.translate import step_id, step_id_from_hex

NAMESPACE = uuid.UUID("8c0f3a1e-5d0b-5b1f-a6c7-5f7a1f2b9d04")


@given(st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1))
def test_the_id_is_the_version_5_uuid_of_both_ids(trace_id: int, span_id: int) -> None:
    found = step_id(trace_id, span_id)
    assert found == str(uuid.uuid5(NAMESPACE, f"{trace_id:032x}:{span_id:016x}"))
    assert found == step_id_from_hex(f"{trace_id:032x}", f"{span_id:016x}")


@pytest.mark.feature("L-LOG-03")
def test_the_id_never_changes_between_releases() -> None:
    """A retry after an upgrade, or a server of another version, must name the same step."""
    assert step_id(0x0AF7651916CD43DD8448EB211C80319C, 0xB7AD6B7169203331) == "78500af2-d4a8-57b3-a673-1d0350824a04"
