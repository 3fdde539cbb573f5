import { describe, expect, it } from "vitest";
import type { Change } from "../api/feed";
import { stepName } from "../parts/stepName";
import { concerned, THREAD_ALONE } from "./concerned";
import { find } from "./find";
import { initials } from "./initials";
import { row, trace } from "./made";
import { merged, type Row, traceOf } from "./rows";
import { totalsOf } from "./totals";
import { buildTree } from "./tree";
import { turnsOf } from "./turns";

const GENERATION: Partial<Row> = { type: "llm", generation: "CHAT", model: "gpt-4o" };

describe("names (P-LOG-08)", () => {
  it.each([
    ["", "gpt-4o", "gpt-4o"],
    [null, "gpt-4o", "gpt-4o"],
    ["gpt", "gpt-4o", "gpt-4o"],
    ["judge", "gpt-4o", "judge"],
    ["judge", null, "judge"],
    ["  ", null, "llm"],
  ])("%j with the model %j is %s", (name, model, shown) => {
    expect(stepName({ name, model, type: "llm" })).toBe(shown);
  });

  it.each([
    ["Ann Lee", "AL"],
    ["ann.lee@example.com", "AL"],
    ["林", "林"],
    ["👩 Ada", "👩A"],
    ["@", "?"],
  ])("initials of %s are %s", (name, letters) => expect(initials(name)).toBe(letters));
});

describe("rows", () => {
  it("are read by the names of the columns", () => {
    const answer = { columns: ["id", "parent"], thread: null, root: "a", rows: [["a", null]], missing: [], cut: false };
    expect(traceOf(answer, 7)).toEqual({ ...answer, columns: undefined, readAt: 7, rows: [{ id: "a", parent: null }] });
  });

  it("that changed take the place of the older ones, new ones come in order, deleted ones go", () => {
    const before = trace([row("run", null, 0, null), row("a", "run", 1, null), row("gone", "run", 2)], {
      missing: ["b"],
    });
    const changed = trace([row("a", "run", 1, 4), row("b", "run", 1.5, 2)]);
    const after = merged(before, ["a", "b", "gone"], changed);
    expect(after?.rows.map(({ id, end }) => [id, end])).toEqual([
      ["run", null],
      ["a", 4e6],
      ["b", 2e6],
    ]);
    expect(after?.missing).toEqual([]);
  });

  it("are read anew where a step came to stand below another run, or another may have found its parent", () => {
    const before = trace([row("run"), row("a", "run", 1, 2, { rootRun: "run" })]);
    expect(merged(before, ["a"], trace([row("a", "run", 1, 2, { rootRun: "other" })]))).toBeNull();
    const waiting = trace([row("a", null, 1, 2, { waitsFor: "ff" })]);
    expect(merged(waiting, ["b"], trace([row("b")]))).toBeNull();
  });
});

describe("changes", () => {
  const shown = { ...trace([row("run"), row("a", "run")]), root: "run" };
  const step = (more: Partial<Change>): Change => ({ kind: "step", op: "upsert", id: "x", ...more });
  const ids = (...changes: Change[]) => [...(concerned(changes, shown, "run", "run") as Set<string>)];

  it("of other traces are passed over", () => {
    expect(
      ids(step({ rootRunId: "other" }), step({ threadId: "t" }), { kind: "score", op: "upsert", id: "s", stepId: "y" }),
    ).toEqual([]);
  });

  it("are read by step: known ones, new ones below the root, and those that were scored", () => {
    const scored: Change = { kind: "score", op: "upsert", id: "s", stepId: "run" };
    expect(ids(step({ id: "a", op: "delete" }), step({ id: "new", rootRunId: "run" }), scored)).toEqual([
      "a",
      "new",
      "run",
    ]);
  });

  it("of a thread are read with it, and its deletion with everything", () => {
    const thread: Change = { kind: "thread", op: "upsert", id: "t" };
    expect(concerned([thread], shown, "thread", "t")).toEqual(new Set([THREAD_ALONE]));
    expect(concerned([{ ...thread, op: "delete" }], shown, "thread", "t")).toBe("all");
    expect(concerned("reset", shown, "thread", "t")).toBe("all");
  });
});

it("totals count what is there and leave out what nobody said", () => {
  const rows = [
    row("one", null, 0, 4),
    row("a", "one", 1, 2, { ...GENERATION, inputTokens: 10, outputTokens: 2, tokens: 12, cost: 0.5, estimated: 1 }),
    row("two", null, 90_000, 90_003, { error: "no" }),
  ];
  expect(totalsOf(buildTree(trace(rows)))).toEqual({
    steps: 3,
    generations: 1,
    errors: 1,
    inputTokens: 10,
    outputTokens: 2,
    tokens: 12,
    estimated: true,
    cost: 0.5,
    duration: 7,
    inFlight: false,
  });
  expect(totalsOf(buildTree(trace([row("a", null, 0, null)], { readAt: 1 })))).toMatchObject({
    cost: null,
    inFlight: true,
  });
});

it("search looks at names, types, models, previews, errors, tags and beginnings of ids", () => {
  const rows = [
    row("a", null, 0, 0, { ...GENERATION, name: "", input: "Where is my REFUND?" }),
    row("b", null, 0, 0, { error: "TimeoutError", tags: ["vip"] }),
  ];
  const tree = buildTree(trace(rows));
  const found = (text: string) => [...find(tree, text)].join();
  expect(["gpt-4o", "refund", "timeout", "VIP", "tool", "b", " ", "nowhere"].map(found)).toEqual([
    "a",
    "a",
    "b",
    "b",
    "b",
    "b",
    "",
    "",
  ]);
});

describe("the conversation", () => {
  const turns = (...rows: Row[]) =>
    turnsOf(buildTree(trace(rows))).map((turn) =>
      turn.kind === "message" ? turn.node.id : `[${turn.node.id} ${turn.asked?.id ?? "-"} ${turn.answered?.id ?? "-"}]`,
    );
  const message = (id: string, parent: string | null, at: number, type: string) => row(id, parent, at, at, { type });

  it("has the question before the run and the answer after it", () => {
    const rows = [
      row("run", null, 0, 9),
      message("q", "run", 1, "user_message"),
      message("a", "run", 8, "assistant_message"),
    ];
    expect(turns(...rows)).toEqual(["q", "[run - -]", "a"]);
  });

  it("has messages at the top and what hangs below them", () => {
    const rows = [
      message("q", null, 0, "user_message"),
      row("run", "q", 1, 2),
      message("a", null, 3, "assistant_message"),
    ];
    expect(turns(...rows)).toEqual(["q", "[run - -]", "a"]);
  });

  it("does not say again what the messages around a run say", () => {
    const run = row("run", null, 1, 2, { input: "q", output: "a" });
    const [asked, answered] = [message("q", null, 0, "user_message"), message("a", null, 3, "assistant_message")];
    expect(turns(asked, run, answered)).toEqual(["q", "[run - -]", "a"]);
    expect(turns(asked, run)).toEqual(["q", "[run - run]"]);
    expect(turns(run, answered)).toEqual(["[run run -]", "a"]);
  });

  it("takes a run's input and output where there are no messages, else those of its generations", () => {
    expect(turns(row("run", null, 0, 9, { input: "q", output: "a" }))).toEqual(["[run run run]"]);
    const generation = { ...GENERATION, input: "q", output: "a" };
    expect(turns(row("run", null, 0, 9), row("g", "run", 1, 2, generation), row("h", "run", 3, 4, generation))).toEqual(
      ["[run g h]"],
    );
  });
});
