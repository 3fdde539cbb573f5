"""Keeping credentials out of what is recorded of a request."""

from typing import Any, Final, cast

_CREDENTIALS: Final = frozenset(
    {"api_key", "api-key", "apikey", "x-api-key", "authorization", "access_token", "token", "password", "secret"}
)


def without_credentials(value: Any) -> Any:
    """`value`, of JSON shape, without the texts under names of credentials, at any depth."""
    if isinstance(value, list):
        return [without_credentials(item) for item in cast(list[Any], value)]
    if not isinstance(value, dict):
        return value
    return {
        key: without_credentials(item)
        for key, item in cast(dict[str, Any], value).items()
        # A limit such as {"token": 5} or a schema property of that name is no secret.
        if not (key.lower() in _CREDENTIALS and isinstance(item, str))
    }
