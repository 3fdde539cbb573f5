# ruff: noqa: RUF001 - letters that look alike are what this is about
"""The SQL functions of filters: text without regard to case, and members of JSON, the same on every database."""

import json
import unicodedata

import pytest
from sqlalchemy import Text, func, literal, select

from literalai_otel.jsonable import dumps
from literalai_otel.server.store.engines.sqlite_functions import member_text
from literalai_otel.server.store.folding import folded
from literalai_otel.server.store.payload import pack

PAIRS = [
    ("ISTANBUL", "istanbul"),
    ("İZMİR", "i̇zmi̇r"),
    ("STRASSE", "straße"),
    ("STRAẞE", "strasse"),
    ("ὈΔΥΣΣΕΎΣ", "ὀδυσσεύς"),
    ("ΣΑΣ", "σασ"),
    ("caf\u00c9", "cafe\u0301"),
    ("CAFE\u0301", "caf\u00e9"),
    ("ﬁn", "FIN"),
    ("µm", "ΜM"),
    ("ПРИВЕТ", "привет"),
    ("ՄԵԾ և", "մեծ եւ"),
    ("ᏣᎳᎩ", "ꮳꮃꭹ"),
]


@pytest.mark.parametrize(("written", "asked"), PAIRS)
def test_texts_that_differ_in_case_alone_find_each_other(world, written, asked):
    world.put({"id": "a", "name": f"<{written}>"}, {"id": "b", "name": f"<{asked}>"}, {"id": "c", "name": "other"})
    for wanted in (written, asked):
        assert world.ids(filters=[{"field": "name", "operator": "ilike", "value": wanted}]) == ["b", "a"]


def test_what_is_no_matter_of_case_differs(world):
    world.put({"id": "a", "name": "café"}, {"id": "b", "name": "ısı"}, {"id": "c", "name": "ＡＢＣ"})
    for wanted in ("cafe", "isi", "abc"):
        assert world.ids(filters=[{"field": "name", "operator": "ilike", "value": wanted}]) == []


def test_every_character_is_folded_as_python_folds_it(store):
    """But for characters that the one side's version of Unicode has and the other's has not."""
    known = [chr(number) for number in range(0x20000) if unicodedata.category(chr(number)) not in ("Cn", "Cs", "Cc")]
    wanted = {character: folded(character) for character in known}
    with store._database.read() as connection:
        different = {}
        for start in range(0, len(known), 2_000):
            part = known[start : start + 2_000]
            found = connection.execute(select(func.unicode_fold(literal("\n".join(part))))).scalar_one()
            alone = found.split("\n")
            different |= {one: got for one, got in zip(part, alone, strict=True) if got != wanted[one]}
    # Composition looks at neighbours, which stand apart here; only the fold of each is compared.
    assert different == {}


VALUES = [
    {"a": "text", "b": 1, "c": 1.5, "d": True, "e": None, "f": [1, {"x": "y"}], "g": {"h": {"i": "deep"}}},
    {"a.b": "whole", "a": {"b": "nested", "c": "other"}},
    {"a": {"b.c": 1, "b": {"c": 2}}},
    {"": "empty", "é": "ü", 'quo"te': "\\back\nslash", "big": 2**63, "small": 1e-7, "e": "\u0001"},
    {"a": "no object", "list": [1, 2, 3]},
    {},
    ["list"],
    "text",
    None,
]
PATHS = [None, "a", "b", "c", "d", "e", "f", "g", "g.h", "g.h.i", "a.b", "a.b.c", "a.c", "a.x", "x", "", "é", 'quo"te']
PATHS += ["big", "small", "list", "list.0", "g.h.i.j", ".", "a.", ".a"]


def test_members_are_what_python_reads(store):
    """Each value as a JSON column and as a member of a payload, at each path."""
    wrong = []
    with store._database.read() as connection:
        for value in VALUES:
            document = dumps(value)
            payload = pack({"input": document})
            content = payload if store.dialect == "sqlite" else payload.decode()
            for path in PATHS:
                at = literal(path, Text())
                asked = select(
                    func.json_member(literal(document.decode(), Text()), at),
                    func.payload_member(literal(content), literal("input", Text()), at),
                    func.payload_member(literal(content), literal("output", Text()), at),
                )
                found = tuple(connection.execute(asked).one())
                expected = member_text(json.loads(document), path)
                if found != (expected, expected, None):
                    wrong.append((value, path, found, expected))
    assert wrong == []
