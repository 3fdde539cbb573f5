"""docs/files.md says what is so."""

import re
from pathlib import Path

from literalai_otel.config import ServerConfig
from literalai_otel.server.problems import CODES

PAGE = (Path(__file__).parents[3] / "docs" / "files.md").read_text(encoding="utf-8")


def test_every_variable_of_the_page_is_a_setting() -> None:
    known = {variable for row in ServerConfig.rows() for variable in row.variables}
    named = set(re.findall(r"`((?:LITERAL|APP|BUCKET)_[A-Z_]+)[=`]", PAGE))
    assert named <= known
    assert {row.variables[0] for row in ServerConfig.rows() if row.name.startswith(("aws", "gcs", "azure"))} <= named


def test_the_statuses_of_the_page_are_those_of_the_problems() -> None:
    statuses = {int(status) for status in re.findall(r"^\| (\d{3}) \|", PAGE, re.MULTILINE)}
    codes = ("FORBIDDEN", "NOT_FOUND", "CONFLICT", "BODY_TOO_LARGE", "STORAGE_UNAVAILABLE")
    assert statuses == {CODES[code].http_status for code in codes}
