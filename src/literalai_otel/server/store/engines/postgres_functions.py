"""The SQL functions that filters need, for PostgreSQL; SQLite's are in `sqlite_functions`, by the same names.

They are no part of a migration: what is best for folding differs between versions of PostgreSQL and how it was
built, and a server may be moved from one to the other. `install` makes them anew where they are not the wanted ones.
"""

import hashlib
from typing import Final

from sqlalchemy import Connection, text

_LAST_FOLDED: Final = 0xFB17
"""The last character whose folded form is not its lower case one; a test looks at all of Unicode."""
_FREQUENT: Final = "ßςµ"
"""Of those, the ones that people write; the others cost milliseconds for a long text, so they are looked for first."""
_WITH_CASEFOLD: Final = 18
_WITH_UNICODE_LOWER: Final = 17

# `json` and not `jsonb`: its parts are the text that was stored, in the order that was stored, so that a filter
# on the text of an object finds the same on both databases.
_MEMBERS: Final = (
    """
CREATE OR REPLACE FUNCTION json_at(document json, path text) RETURNS json
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    member json;
    dot integer;
BEGIN
    WHILE json_typeof(document) = 'object' LOOP
        member := document -> path;
        IF member IS NOT NULL THEN
            RETURN member;
        END IF;
        dot := position('.' in path);
        IF dot = 0 THEN
            RETURN NULL;
        END IF;
        document := document -> left(path, dot - 1);
        path := substr(path, dot + 1);
    END LOOP;
    RETURN NULL;
END $$""",
    """
CREATE OR REPLACE FUNCTION json_text(value json) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE json_typeof(value) WHEN 'string' THEN value #>> '{}' WHEN 'null' THEN NULL ELSE value::text END
$$""",
    """
CREATE OR REPLACE FUNCTION json_member(document text, path text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT json_text(CASE WHEN path IS NULL THEN document::json ELSE json_at(document::json, path) END)
$$""",
    """
CREATE OR REPLACE FUNCTION payload_member(content text, key text, path text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT json_text(CASE WHEN path IS NULL THEN content::json -> key ELSE json_at(content::json -> key, path) END)
$$""",
    """
CREATE OR REPLACE FUNCTION payload_text(content text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT content $$""",
)


def install(connection: Connection) -> None:
    """Makes the functions in the schema of the tables, unless they are there and the newest.

    `is_installed` says so without changing anything.
    """
    script = _script(connection)
    if _installed_mark(connection) == _mark(script):
        return
    for statement in script:
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql(f"COMMENT ON FUNCTION unicode_fold(text) IS '{_mark(script)}'")


def major_version(connection: Connection) -> int:
    """15 for 15.4."""
    return int(connection.execute(text("SHOW server_version_num")).scalar_one()) // 10_000


def is_installed(connection: Connection) -> bool:
    """Whether `install` has nothing to do."""
    return _installed_mark(connection) == _mark(_script(connection))


def _script(connection: Connection) -> list[str]:
    return [
        *_MEMBERS,
        "CREATE OR REPLACE FUNCTION fold_beyond_ascii(value text) RETURNS text "
        f"LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$ DECLARE {_casefolded(connection)} "
        "IF folded IS NFC NORMALIZED THEN RETURN folded; END IF; RETURN normalize(folded, NFC); END $$",
        # An expression alone, which the planner puts in place of the call.
        "CREATE OR REPLACE FUNCTION unicode_fold(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ "
        'SELECT CASE WHEN octet_length(value) = length(value) THEN lower(value COLLATE "C") '
        'ELSE fold_beyond_ascii(value) COLLATE "C" END $$',
    ]


def _mark(script: list[str]) -> str:
    return hashlib.sha256("".join(script).encode()).hexdigest()


def _installed_mark(connection: Connection) -> str | None:
    return connection.scalar(text("SELECT obj_description(to_regprocedure('unicode_fold(text)'), 'pg_proc')"))


def _casefolded(connection: Connection) -> str:
    """Declaration and first statements: `folded` is `value` after Unicode's full case folding."""
    version = major_version(connection)
    if version >= _WITH_CASEFOLD:
        return 'folded text := pg_catalog.casefold(value COLLATE "pg_catalog"."pg_unicode_fast"); BEGIN'
    if connection.scalar(text("SELECT count(*) FROM pg_collation WHERE collname = 'und-x-icu'")):
        lower = 'lower(value COLLATE "pg_catalog"."und-x-icu")'
    elif version >= _WITH_UNICODE_LOWER:
        lower = 'lower(value COLLATE "pg_catalog"."pg_c_utf8")'
    else:  # what the collation of the database knows
        lower = "lower(value)"
    single, several = _lower_but_not_folded()
    for character in _FREQUENT:
        lower = f"replace({lower}, '{character}', '{character.casefold()}')"
    rest = f"translate(folded, '{''.join(single)}', '{''.join(single.values())}')"
    for character, expansion in several.items():
        rest = f"replace({rest}, '{character}', '{expansion}')"
    rare = "".join([*single, *several])
    return f"folded text := {lower}; BEGIN IF folded ~ '[{rare}]' THEN folded := {rest}; END IF;"


def _lower_but_not_folded() -> tuple[dict[str, str], dict[str, str]]:
    """The lower case characters that fold to something else, to one character and to several; not the frequent ones."""
    changed = {
        character: character.casefold()
        for character in map(chr, range(0x80, _LAST_FOLDED + 1))
        if character.lower() == character != character.casefold() and character not in _FREQUENT
    }
    single = {character: folded for character, folded in changed.items() if len(folded) == 1}
    return single, {character: folded for character, folded in changed.items() if len(folded) > 1}
