"""Runs the samples one after the other in one namespace, and writes down what became of each.

`python session.py IMPORT_NAME TEXTS.json RESULTS.json`: the texts, by the names of `samples.toml`, say
`from literalai import …`; any other name stands for it.
"""

import contextlib
import io
import json
import sys
import tomllib
import traceback
from pathlib import Path

HERE = Path(__file__).parent


def main(name: str, texts: str, results: str) -> None:
    printed = json.loads(Path(texts).read_text(encoding="utf-8"))
    said = {}
    namespace: dict[str, object] = {"__name__": "__main__"}
    exec(f"from {name} import LiteralClient; literalai_client = LiteralClient()", namespace)
    for key, row in tomllib.loads((HERE / "samples.toml").read_text(encoding="utf-8")).items():
        text = printed[key]
        out = io.StringIO()
        said[key] = {}
        for broken, repaired in row.get("repairs", ()):
            assert broken in text, f"{key}: {broken!r} is not in the text"
            text = text.replace(broken, repaired)
        try:
            with contextlib.redirect_stdout(out):
                exec(row.get("before", ""), namespace)
                exec(compile(text.replace("from literalai", f"from {name}"), key, "exec"), namespace)
                exec(row.get("after", ""), namespace)
            said[key]["told"] = eval(row.get("tells", "None"), namespace)
        except Exception:
            said[key]["failed"] = traceback.format_exc()
        said[key]["out"] = out.getvalue()
    Path(results).write_text(json.dumps(said), encoding="utf-8")


main(*sys.argv[1:])
