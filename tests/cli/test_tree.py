"""Steps as lines for a terminal: what is on a line, how lines line up, and what fits."""

import pytest
from inline_snapshot import snapshot

from literalai_otel.cli.line import seconds_text, step_line
from literalai_otel.cli.preview import LONGEST, call_label, one_line, output_preview
from literalai_otel.cli.tree import draw, fit, fixed_widths, summary, thread_header, tree_lines
from literalai_otel.model import ChatGeneration, CompletionGeneration, Step, Thread, User


def at(milliseconds: int) -> str:
    return f"2026-11-21T08:{milliseconds // 60_000:02}:{milliseconds // 1000 % 60:02}.{milliseconds % 1000:03}Z"


def step(identity: str, kind: str, name: str, start: int, end: int | None, **fields) -> Step:
    times = {"start_time": at(start), "end_time": None if end is None else at(end)}
    return Step(id=identity, type=kind, name=name, **times, **fields)


MODEL = "gemma-3-270m"
PLAN = ChatGeneration(
    model=MODEL,
    settings={"stream": True},
    input_token_count=412,
    output_token_count=96,
    token_count=508,
    tt_first_token=210.0,
    duration=1.9,
    message_completion={"role": "assistant", "content": "Here is\na plan"},
)
FAILED = ChatGeneration(model=MODEL, input_token_count=530, output_token_count=88, token_count=1334, duration=2.1)
STEPS = [
    step("weather", "tool", "get_weather", 2000, 2012, parent_id="trip", input={"city": "Lisbon"}, output={"t": 21}),
    step("trip", "run", "plan_trip", 0, 4300),
    step("plan", "llm", f"chat {MODEL}", 10, 1910, parent_id="trip", generation=PLAN),
    step("long", "llm", f"chat {MODEL}", 2100, 4200, parent_id="trip", generation=FAILED, error="BadRequest: no"),
    step("second", "run", "東京へ", 600_000, 601_800),
    step("answer", "assistant_message", "", 601_000, 601_000, parent_id="second", output={"content": "さようなら"}),
]
THREAD = Thread(id="t", name="Trip to Lisbon", participant=User(identifier="john.doe@example.com"), steps=STEPS)


def drawn(steps: list[Step], width: int) -> list[str]:
    lines = tree_lines(steps)
    widths = fit(lines, width)
    return [draw(line, widths).plain for line in lines]


def test_a_tree_with_room_for_every_column():
    assert drawn(STEPS, 110) == snapshot(
        [
            "├─ run      plan_trip                                    4.3 s",
            '│  ├─ llm      gemma-3-270m · chat · stream   412 → 96   1.9 s   first token 210 ms   "Here is a plan"',
            '│  ├─ tool     get_weather(city="Lisbon")                12 ms                        {"t":21}',
            "│  └─ llm      gemma-3-270m · chat            530 → 88   2.1 s                        ✗ BadRequest: no",
            "└─ run      東京へ                                       1.8 s",
            '   └─ assistant_message                                  <1 ms                        "さようなら"',
        ]
    )


def test_a_narrow_terminal_loses_the_least_telling_columns_first():
    assert drawn(STEPS[:4], 74) == snapshot(
        [
            "└─ run      plan_trip                             4.3 s",
            '   ├─ llm      gemma-3-270m · chat …   412 → 96   1.9 s   "Here is a plan"',
            '   ├─ tool     get_weather(city="Li…              12 ms   {"t":21}',
            "   └─ llm      gemma-3-270m · chat     530 → 88   2.1 s   ✗ BadRequest: no",
        ]
    )


@pytest.mark.parametrize("width", [10, 20, 33, 47, 60, 79, 80, 100, 120, 200])
def test_no_line_is_wider_than_the_terminal(width: int):
    lines = tree_lines(STEPS)
    widths = fit(lines, width)
    assert max(draw(line, widths).cell_len for line in lines) <= width
    fixed = fixed_widths(width)
    assert max(draw(line, fixed).cell_len for line in lines) <= width
    assert thread_header(THREAD, STEPS, width).cell_len <= width


def test_wide_characters_count_two_cells():
    lines = tree_lines([step("a", "run", "東京", 0, 1000), step("b", "run", "Rome", 0, 1000)])
    widths = fit(lines, 60)
    first, second = (draw(line, widths) for line in lines)
    assert first.cell_len == second.cell_len
    assert len(first.plain) == len(second.plain) - 2


def test_a_failed_step_keeps_its_mark_where_there_is_no_room_for_words():
    failed = step("a", "tool", "a_tool_with_a_long_name", 0, 5, error="TimeoutError: 30 s")
    assert drawn([failed], 20)[0].endswith("✗")
    assert "TimeoutError" in drawn([failed], 120)[0]


def test_header_sums_up_the_thread_without_the_idle_time():
    assert thread_header(THREAD, STEPS, 110).plain == snapshot(
        "Thread  Trip to Lisbon · 2 runs · 2 generations · 1 842 tokens · 6.1 s               user john.doe@example.com"
    )
    empty = Thread(id="t")
    assert thread_header(empty, [], 80).plain == snapshot("Thread  N/A · 0 runs · 0 generations")


def test_unknown_numbers_are_left_out_or_marked_never_invented():
    generation = ChatGeneration(model=None, output_token_count=0)
    line = step_line(step("a", "llm", "", 0, None, generation=generation))
    assert (line.label, line.tokens, line.time, line.detail) == ("unknown model · chat", "? → 0", "running", "")
    bare = step_line(Step(id="a"))
    assert (bare.type, bare.label, bare.tokens, bare.time, bare.preview) == ("undefined", "N/A", "", "running", "")


@pytest.mark.parametrize(
    ("counts", "tokens", "header"),
    [
        ({"input_token_count": 1412, "output_token_count": 96, "token_count": 1508}, "~1 412 → ~96", "~1 508 tokens"),
        ({"token_count": 7}, "~7", "~7 tokens"),
        ({"output_token_count": 0, "token_count": 0}, "? → ~0", "~0 tokens"),
    ],
)
def test_what_the_server_estimated_is_marked(counts: dict[str, int], tokens: str, header: str):
    estimated = Step(id="a", type="llm", generation=ChatGeneration(**counts, token_count_estimated=True))
    assert (step_line(estimated).tokens, summary([estimated])) == (tokens, f" · 0 runs · 1 generation · {header}")
    told = Step(id="b", type="llm", generation=ChatGeneration(token_count=10, token_count_estimated=False))
    assert step_line(told).tokens == "10"
    assert summary([told, estimated]).endswith(f"~{counts['token_count'] + 10:,} tokens".replace(",", " "))


@pytest.mark.parametrize(
    ("metadata", "detail", "header"),
    [
        ({"usage": {"cost": 0.00215}}, "first token 80 ms · cost 0.00215", " · 0 runs · 1 generation · cost 0.00215"),
        ({"cost": 0}, "first token 80 ms · cost 0", " · 0 runs · 1 generation · cost 0"),
        ({"cost": "cheap", "usage": {"cost": True}}, "first token 80 ms", " · 0 runs · 1 generation"),
        (None, "first token 80 ms", " · 0 runs · 1 generation"),
    ],
)
def test_cost_is_shown_only_where_it_is_known(metadata: dict | None, detail: str, header: str):
    called = Step(id="a", type="llm", generation=ChatGeneration(tt_first_token=80.0, metadata=metadata))
    assert (step_line(called).detail, summary([called])) == (detail, header)


def test_a_name_that_the_user_gave_stands_beside_the_model():
    judge = step_line(step("a", "llm", "judge", 0, 5, generation=ChatGeneration(model="gpt-4o")))
    own = step_line(step("a", "llm", "gpt-4o", 0, 5, generation=CompletionGeneration(model="gpt-4o", completion="x")))
    assert (judge.label, own.label, own.preview) == ("judge · gpt-4o · chat", "gpt-4o · completion", '"x"')


def test_an_error_is_led_by_the_class_of_the_exception():
    def shown(error: str, metadata: dict | None) -> str:
        return step_line(step("a", "llm", "", 0, 5, error=error, metadata=metadata)).error

    raised = {"otel": {"exception": {"type": "openai.BadRequestError"}}}
    assert shown("Error code: 400 - too long", raised) == "BadRequestError: Error code: 400 - too long"
    assert shown("BadRequestError: too long", raised) == "BadRequestError: too long"
    assert shown("too long", {"otel": {"exception": None}}) == shown("too long", {"otel": 1}) == "too long"


def test_orphans_stand_at_the_top_and_cycles_are_drawn_once():
    steps = [
        step("a", "run", "a", 0, 5, parent_id="b"),
        step("b", "run", "b", 1, 5, parent_id="a"),
        step("c", "run", "c", 2, 5, parent_id="gone"),
        step("d", "run", "d", 3, 5, parent_id="d"),
    ]
    shown = [(line.guide, line.label) for line in tree_lines(steps)]
    assert sorted(label for _, label in shown) == ["a", "b", "c", "d"]
    assert {label for guide, label in shown if not guide.startswith(("   ", "│"))} == {"a", "c", "d"}


def test_a_long_chain_is_drawn_without_recursion_and_marked_where_levels_are_cut():
    chain = [step(f"{n}", "run", f"{n}", n, n + 1, parent_id=f"{n - 1}") for n in range(3000)]
    lines = tree_lines(chain)
    assert [line.label for line in lines] == [str(n) for n in range(3000)]
    assert lines[10].guide == " " * 30 + "└─ "
    assert lines[2999].guide.startswith("… ")
    assert len(lines[2999].guide) < 90


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (0.0, "<1 ms"),
        (0.012, "12 ms"),
        (0.9996, "1.0 s"),
        (4.26, "4.3 s"),
        (125.0, "2 min 5 s"),
        (7260.0, "2 h 1 min"),
    ],
)
def test_times_are_said_in_the_unit_that_people_use(seconds: float | None, text: str):
    assert seconds_text(seconds) == text


def test_content_cannot_steer_the_terminal():
    hostile = "a\x1b[31mred\x1b[0m\x07\r\nb\u202egnp.exe\x9b2J\ud800"
    assert one_line(hostile) == "ared bgnp.exe2J"
    assert len(one_line("x" * 10_000_000)) == LONGEST


@pytest.mark.parametrize(
    ("arguments", "label"),
    [
        (None, "f"),
        ({}, "f()"),
        ({"a": "x", "b": [1, None]}, 'f(a="x", b=[1,null])'),
        ("text", 'f("text")'),
        ([1, 2], "f([1,2])"),
    ],
)
def test_a_tool_is_shown_as_the_call_that_it_was(arguments: object, label: str):
    assert call_label("f", arguments) == label


@pytest.mark.parametrize(
    ("fields", "preview"),
    [
        ({"output": {"content": "hi"}}, '"hi"'),
        ({"output": {"content": 0}}, "0"),
        ({"output": {"t": 1, "content": "hi"}}, '{"t":1,"content":"hi"}'),
        ({"output": {}}, ""),
        ({"output": {"role": "assistant", "content": "hi"}}, '"hi"'),
        (
            {
                "generation": ChatGeneration(
                    message_completion={
                        "role": "assistant",
                        "content": None,
                        "tool_calls": [{"function": {"name": "get", "arguments": '{"city":"Lisbon"}'}}],
                    }
                )
            },
            'calls get({"city":"Lisbon"})',
        ),
        (
            {
                "generation": ChatGeneration(
                    message_completion={"content": [{"type": "text", "text": "see"}, {"type": "image_url"}]}
                )
            },
            '"see [image_url]"',
        ),
    ],
)
def test_previews_show_what_was_said(fields: dict, preview: str):
    assert output_preview(Step(id="a", **fields)) == preview
