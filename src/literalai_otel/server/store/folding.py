"""Text without regard to case, the same on both databases: what `ilike` compares.

Folded is what Unicode calls default case folding, then composed: `İ`, `ß`, `Σ ς` and `é` in either spelling meet
their partners. Accents count (`e` is not `é`), and so do letters that only look alike. SQLite calls `folded` as the
SQL function `unicode_fold`; PostgreSQL has a function of that name in SQL (`store.engines.postgres_functions`).
"""

from unicodedata import normalize


def folded(text: str) -> str:
    """`text` as it is compared without regard to case."""
    return text.lower() if text.isascii() else normalize("NFC", text.casefold())
