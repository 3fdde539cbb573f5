import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lineDiff } from "./lineDiff";
import { sideBySide } from "./sideBySide";

const text = fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 30 }).map((lines) => lines.join("\n"));

describe("two texts line by line", () => {
  test("say what only one has", () => {
    expect(lineDiff("a\nb\nc", "a\nx\nc").map(({ kind, text }) => `${kind} ${text}`)).toEqual([
      "same a",
      "first b",
      "second x",
      "same c",
    ]);
    expect(lineDiff("", "a")).toEqual([{ kind: "second", text: "a" }]);
    expect(lineDiff("a", "a")).toEqual([{ kind: "same", text: "a" }]);
  });

  test("are both in the comparison", () => {
    fc.assert(
      fc.property(text, text, (first, second) => {
        const lines = lineDiff(first, second);
        const side = (other: string) =>
          lines
            .filter(({ kind }) => kind !== other)
            .map(({ text }) => text)
            .join("\n");
        expect(side("second")).toBe(first);
        expect(side("first")).toBe(second);
      }),
    );
  });

  test("with nothing in common are told in time", () => {
    const lines = (prefix: string) => Array.from({ length: 20_000 }, (_, at) => `${prefix}${at}`).join("\n");
    expect(lineDiff(lines("a"), lines("b"))).toHaveLength(40_000);
  });
});

describe("side by side", () => {
  test("lines that differ stand beside each other, equal ones further away are counted", () => {
    const equal = Array.from({ length: 12 }, (_, at) => String(at));
    const rows = sideBySide(lineDiff([...equal, "a", "b"].join("\n"), [...equal, "x"].join("\n")), false);
    expect(rows).toEqual([
      { kind: "equal", count: 9 },
      { kind: "same", text: "9" },
      { kind: "same", text: "10" },
      { kind: "same", text: "11" },
      { kind: "differs", first: "a", second: "x" },
      { kind: "differs", first: "b", second: null },
    ]);
  });

  test("whole, nothing is left out", () => {
    fc.assert(
      fc.property(text, text, (first, second) => {
        const lines = lineDiff(first, second);
        const rows = sideBySide(lines, true);
        const told = rows.flatMap((row) =>
          row.kind === "same" ? [row.text] : row.kind === "differs" ? [row.first] : [],
        );
        expect(told.filter((line) => line !== null).join("\n")).toBe(first);
        const shown = sideBySide(lines, false);
        const counted = shown.reduce((sum, row) => sum + (row.kind === "equal" ? row.count : 1), 0);
        expect(counted).toBe(rows.length);
      }),
    );
  });
});
