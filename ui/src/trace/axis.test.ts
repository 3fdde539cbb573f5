import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { breaks, makeAxis, overlaps, place, ticks } from "./axis";
import { row, trace } from "./made";
import { buildTree } from "./tree";

const DAY = 86_400;

function axisOf(...spans: [from: number, to: number][]) {
  const rows = spans.map(([from, to], index) => row(`${index}`, null, from, to));
  return makeAxis(buildTree(trace(rows)).nodes.values());
}

describe("the time axis", () => {
  it("folds the day between two runs (P-LOG-06)", () => {
    const axis = axisOf([0, 4], [DAY, DAY + 4]);
    expect(breaks(axis)).toEqual([{ left: expect.closeTo(0.485), right: expect.closeTo(0.515), seconds: DAY - 4 }]);
    expect(place(axis, 2e6)).toBeCloseTo(0.2425);
    expect(place(axis, (DAY + 2) * 1e6)).toBeCloseTo(0.7575);
  });

  it("keeps pauses that are short beside the work", () => {
    const axis = axisOf([0, 4], [4.5, 8]);
    expect(axis.stretches).toHaveLength(1);
    expect(place(axis, 4e6)).toBeCloseTo(0.5);
  });

  it("gives many marks no more than their part of the room", () => {
    const axis = axisOf(...Array.from({ length: 500 }, (_, index): [number, number] => [index * DAY, index * DAY + 1]));
    const room = breaks(axis).reduce((sum, { left, right }) => sum + right - left, 0);
    expect(room).toBeCloseTo(0.3);
    expect(axis.stretches.at(-1)?.right).toBeCloseTo(1);
  });

  it("has a place for moments without any length", () => {
    const axis = axisOf([3, 3]);
    expect([place(axis, 3e6), place(axis, 9e6), ticks(axis, 5)]).toEqual([0, 0, []]);
    expect(place(makeAxis([]), 1)).toBe(0);
  });

  it("draws round times, counted from the begin of each stretch", () => {
    expect(ticks(axisOf([0, 10]), 5).map(({ seconds }) => seconds)).toEqual([2, 4, 6, 8]);
    expect(ticks(axisOf([0, 0.4], [DAY, DAY + 0.4]), 8).map(({ seconds }) => seconds)).toEqual([
      0.1, 0.2, 0.3, 0.1, 0.2, 0.3,
    ]);
    expect(ticks(axisOf([0, 300]), 5).map(({ seconds }) => seconds)).toEqual([60, 120, 180, 240]);
  });

  it("knows what lies outside of a step that it is zoomed to", () => {
    const axis = axisOf([5, 8]);
    expect([overlaps(axis, 1e6, 4e6), overlaps(axis, 4e6, 6e6), overlaps(axis, 9e6, 10e6)]).toEqual([
      false,
      true,
      false,
    ]);
  });

  it("never turns time around, and bars are as long as they took", () => {
    const span = fc
      .tuple(fc.nat({ max: 5_000 }), fc.nat({ max: 50 }))
      .map(([from, length]): [number, number] => [from, from + length]);
    fc.assert(
      fc.property(fc.array(span, { minLength: 1, maxLength: 30 }), (spans) => {
        const axis = axisOf(...spans);
        const moments = spans.flat().sort((one, other) => one - other);
        const places = moments.map((moment) => place(axis, moment * 1e6));
        expect(places).toEqual([...places].sort((one, other) => one - other));
        expect(Math.min(...places)).toBeGreaterThanOrEqual(0);
        expect(Math.max(...places)).toBeLessThanOrEqual(1 + 1e-9);
        if (axis.busy === 0) return;
        const marks = breaks(axis).reduce((sum, { left, right }) => sum + right - left, 0);
        for (const [from, to] of spans) {
          const width = place(axis, to * 1e6) - place(axis, from * 1e6);
          expect(width).toBeCloseTo((((to - from) * 1e6) / axis.busy) * (1 - marks), 6);
        }
      }),
    );
  });
});
