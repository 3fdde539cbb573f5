"""The durable queue of delivery: units on the disk, across processes, until the server has them.

| Module | What |
|---|---|
| `spool` | what delivery sees: store, settle, recall, take over |
| `rows` | the SQL inside a transaction |
| `file` | the SQLite file: opened, checked, put aside when it is broken |
| `ownership` | whose a row is: a file that its process keeps locked |
| `survey` | what is there, for people |
"""

from literalai_otel.export.spool.rows import Stored, Target
from literalai_otel.export.spool.spool import Spool, target_of
from literalai_otel.export.spool.survey import Survey, TargetRow, survey, writable

__all__ = ["Spool", "Stored", "Survey", "Target", "TargetRow", "survey", "target_of", "writable"]
