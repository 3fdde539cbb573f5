"""The tables of the dashboard, in the schema of `tables`.

A mark counts how often the steps of a quarter of an hour were written, in the transaction that wrote them. Figures are
what was counted over the steps of a quarter when its mark stood at `changes`: they hold as long as it still does.
Writing steps costs one small row a transaction that way, and whatever becomes of them later, by whichever way, makes
the figures stale instead of wrong. A version that counts something else empties the figures when it migrates.
"""

from typing import Final

from sqlalchemy import BigInteger, Column, PrimaryKeyConstraint, Table, Text

from literalai_otel.server.store.tables import metadata

dashboard_marks: Final = Table(
    "dashboard_marks",
    metadata,
    Column("project_id", BigInteger, nullable=False),
    # Quarters of an hour since 1970.
    Column("quarter", BigInteger, nullable=False),
    Column("changes", BigInteger, nullable=False),
    PrimaryKeyConstraint("project_id", "quarter"),
    sqlite_with_rowid=False,
)

dashboard_figures: Final = Table(
    "dashboard_figures",
    metadata,
    Column("project_id", BigInteger, nullable=False),
    Column("quarter", BigInteger, nullable=False),
    Column("changes", BigInteger, nullable=False),
    # JSON: environment -> `figures.Figures`.
    Column("content", Text, nullable=False),
    PrimaryKeyConstraint("project_id", "quarter"),
)
