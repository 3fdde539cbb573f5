import { describe, expect, it } from "vitest";
import type { Filter } from "../lists/filter";
import { bucketName, tickNames, ticksOf } from "./axis";
import { listBehind, targetOf } from "./behind";
import { CARDS } from "./cards";
import { moved, ordered } from "./order";
import { change, changeName, hasData, percent, stacked, summary, summed, without } from "./series";
import { shortly } from "./view";

const HOUR = 3_600;
const DAY = 24 * HOUR;
const local = (...parts: [number, number, number, number?]) => new Date(...parts).valueOf() / 1_000;
const model: Filter = { field: "model", operator: "eq", value: "gpt-4o" };
const name: Filter = { field: "name", operator: "eq", value: "agent" };

describe("the time axis", () => {
  it("has ticks at the reader's round hours and midnights", () => {
    const from = local(2026, 4, 3, 10) + 7 * 60;
    const ticks = ticksOf(from, from + DAY, 6);
    expect(ticks.length).toBeLessThanOrEqual(7);
    expect(ticks.every((tick) => new Date(tick * 1_000).getMinutes() === 0)).toBe(true);
    expect(ticks).toContain(local(2026, 4, 4, 0));
  });

  it("has days of 23 and 25 hours too", () => {
    const from = local(2026, 2, 20);
    const ticks = ticksOf(from, from + 30 * DAY, 30);
    expect(ticks.every((tick) => new Date(tick * 1_000).getHours() === 0)).toBe(true);
    expect(ticks.length).toBeGreaterThan(28);
  });

  it("says the date at midnight and the clock between", () => {
    const midnight = local(2026, 4, 4);
    const [before, at] = tickNames([midnight - 6 * HOUR, midnight, midnight + 6 * HOUR]);
    expect(before).toMatch(/18|6.00/);
    expect(at).toMatch(/4/);
    expect(at).not.toMatch(/:/);
  });

  it("names a bucket by what it spans", () => {
    const day = local(2026, 4, 4);
    expect(bucketName(day, day + DAY, DAY)).not.toMatch(/:/);
    expect(bucketName(day, day + HOUR, HOUR)).toMatch(/:.* – .*:/);
    expect(bucketName(day, day + 7 * DAY, 7 * DAY)).toMatch(/4.* – .*10/);
  });
});

describe("series", () => {
  it("stack on each other, and a gap stays one", () => {
    const series = [
      { name: "a", values: [1, 2, null] },
      { name: "b", values: [10, 0, 5] },
    ];
    expect(stacked(series)).toEqual([
      [1, 2, null],
      [11, 2, null],
    ]);
    expect(summed(series.map(({ values }) => values))).toEqual([11, 2, null]);
    expect(without([5, null, 2], [2, null, 2])).toEqual([3, null, 0]);
  });

  it("have no data where all is nothing", () => {
    expect(hasData([{ name: "a", values: [0, null, 0] }])).toBe(false);
    expect(hasData([{ name: "a", values: [0, 1] }])).toBe(true);
  });

  it("are said in a sentence", () => {
    const said = summary("Runs", [{ name: "failed", values: [3, null, 7, 1] }], String);
    expect(said).toBe("Runs: failed from 1 to 7, last 1");
    expect(summary("Runs", [], String)).toBe("Runs: no data");
  });
});

describe("a change", () => {
  it("is a share of what was, and nothing of nothing", () => {
    expect(change(12, 10)).toBeCloseTo(0.2);
    expect(change(12, 0)).toBeNull();
    expect(change(null, 10)).toBeNull();
  });

  it.each([
    [0.123, "▲ 12 %"],
    [-0.034, "▼ 3.4 %"],
    [0, "±0 %"],
    [123, "▲ >999 %"],
  ])("of %d reads %s", (share, expected) => expect(changeName(share)).toBe(expected));

  it.each([
    [0.5, "50 %"],
    [0.0123, "1.2 %"],
    [0.0004, "0.04 %"],
    [0, "0 %"],
    [null, "–"],
  ])("a share of %d reads %s", (share, expected) => expect(percent(share)).toBe(expected));
});

describe("the layout", () => {
  const ids = ["a", "b", "c", "d"];
  it("keeps the chosen order, forgets what is gone, and puts what is new behind its neighbour", () => {
    expect(ordered(ids, [])).toEqual(ids);
    expect(ordered(ids, ["d", "gone", "b"])).toEqual(["a", "d", "b", "c"]);
  });
  it("moves a card over what is shown, not over what is hidden", () => {
    expect(moved(ids, ["a", "c", "d"], "a", 1)).toEqual(["b", "c", "a", "d"]);
    expect(moved(ids, ["a", "c", "d"], "d", -1)).toEqual(["a", "b", "d", "c"]);
    expect(moved(ids, ids, "a", -1)).toEqual(ids);
  });
});

describe("the list behind", () => {
  it("has the filters of the card and of the page", () => {
    expect(listBehind({ kind: "runs" }, [name])).toEqual({ kind: "runs", filters: [name] });
    expect(listBehind({ kind: "generations" }, [model])).toEqual({ kind: "generations", filters: [model] });
  });
  it("speaks the words of that list", () => {
    const score: Filter = { field: "scoreValue", operator: "gte", value: 1, path: "helpful" };
    expect(listBehind({ kind: "generations" }, [score]).filters).toEqual([{ ...score, field: "score" }]);
  });
  it("is that of the steps where another cannot say it", () => {
    expect(listBehind({ kind: "generations" }, [name])).toEqual({ kind: "steps", filters: [name] });
    expect(listBehind({ kind: "threads" }, [model])).toEqual({ kind: "steps", filters: [model] });
  });
  it("is within the bucket, or within the range of the page", () => {
    const frame = { range: "7d", environment: "prod", filters: [name], view: "x" };
    expect(targetOf("p", { kind: "runs" }, []).search(frame)).toEqual({ environment: "prod", range: "7d" });
    expect(targetOf("p", { kind: "runs" }, [], { from: 0, to: HOUR }).search(frame)).toEqual({
      environment: "prod",
      from: "1970-01-01T00:00:00.000Z",
      to: "1970-01-01T01:00:00.000Z",
    });
  });
});

it.each([
  [0, "0"],
  [0.25, "250 ms"],
  [90, "90 s"],
  [150, "2.5 min"],
  [9_000, "2.5 h"],
])("%d seconds on the axis are %s", (seconds, expected) => expect(shortly(seconds)).toBe(expected));

it("every card has its own id and says why it may be empty", () => {
  expect(new Set(CARDS.map(({ id }) => id)).size).toBe(CARDS.length);
  for (const { views } of CARDS) expect(views.every(({ empty }) => empty.length > 0)).toBe(true);
});
