"""The frame of a program that runs in a published client's environment: its checks, one after the other.

A check is a function `check_…`; the first line of its docstring may name feature rows. The program prints one JSON
object: `checks`, name to "ok" or the traceback, and `refusals`, how many calls were meant to be refused.
"""

import json
import os
import ssl
import sys
import time
import traceback
import urllib.request
from contextlib import contextmanager

# Nothing here speaks TLS, and each call of a published client loads some 150 certificates anew.
ssl.SSLContext.load_verify_locations = lambda *_, **__: None
_refusals = 0


@contextmanager
def refused(because, calls=1):
    """The server must refuse what is inside, with `because` in what the client raises.

    `calls` is how many requests that takes: a client that tries again is refused twice.
    """
    global _refusals
    _refusals += calls
    with failing(because):
        yield


@contextmanager
def failing(because):
    """What is inside must raise, with `because` in what it says."""
    try:
        yield
    except Exception as error:
        if because not in str(error):
            raise
    else:
        raise AssertionError(f"did not fail: {because}")


def read(query, **variables):
    """Data of a query of the check's own, for clients that only write. The relay does not count it."""
    request = urllib.request.Request(
        f"{os.environ['LITERAL_API_URL']}/api/graphql",
        json.dumps({"query": query, "variables": variables}).encode(),
        {"content-type": "application/json", "x-api-key": os.environ["LITERAL_API_KEY"], "x-client-name": "check"},
    )
    with urllib.request.urlopen(request, timeout=20) as response:
        answer = json.load(response)
    assert "errors" not in answer, answer
    return answer["data"]


def eventually(look, seconds=15):
    """What `look` gives once it is true: for what a client sends in the background."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"still {found!r}"
        time.sleep(0.05)
    return found


def run(namespace):
    """Run every check of `namespace` and print what came of it."""
    results = {}
    for name, check in list(namespace.items()):
        if name.startswith("check_"):
            try:
                check()
                results[name] = "ok"
            except BaseException:
                results[name] = traceback.format_exc()
    # What a client prints goes before, on lines of its own.
    sys.stdout.write("\n" + json.dumps({"checks": results, "refusals": _refusals}) + "\n")
    sys.stdout.flush()
