import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { firstFolds, matches, nodesOf, unfoldedTo } from "./nodes";
import { linesOf, ROW_TEXT, type Row, rowsOf, startOf } from "./rows";
import type { Json } from "./types";

const NONE = new Set<number>();

function shown(value: Json, folded: ReadonlySet<number> = NONE, style: "yaml" | "json" = "yaml"): string[] {
  const nodes = nodesOf(value);
  return rowsOf(nodes, folded, NONE, style).map((row) => `${row.kind}:${labelOf(row, nodes)}${textOf(row)}`);
}

function labelOf(row: Row, nodes: ReturnType<typeof nodesOf>): string {
  const label = nodes[row.place]?.label ?? null;
  return row.kind !== "node" || label === null ? "" : `${label}=`;
}

function textOf(row: Row): string {
  return row.kind === "more" ? String(row.size) : row.text;
}

describe("a value in rows", () => {
  test("is what it holds, from top to bottom", () => {
    expect(shown({ a: 1, b: [true, "x"], c: {}, d: "yes" })).toEqual([
      "node:a=1",
      "node:b=",
      "node:0=true",
      "node:1=x",
      "node:c={}",
      'node:d="yes"',
    ]);
  });

  test("as JSON has brackets", () => {
    expect(shown({ a: [1], b: {} }, NONE, "json")).toEqual([
      "node:{",
      "node:a=[",
      "node:0=1",
      "close:]",
      "node:b={}",
      "close:}",
    ]);
  });

  test("folded says how much is in it", () => {
    expect(shown({ a: [1, 2, 3], b: 1 }, new Set([1]))).toEqual(["node:a=… 3", "node:b=1"]);
    expect(shown({ a: [1, 2, 3] }, new Set([0, 1]), "json")).toEqual(["node:{ … 1 }"]);
  });

  test("shows the start of a long text, and its size in bytes", () => {
    const rows = shown({ t: "é".repeat(1_000) });
    expect(rows).toEqual(["node:t=>", `line:${"é".repeat(400)}`, "more:2000"]);
  });

  test("of a thousand levels needs no recursion", () => {
    let deep: Json = 1;
    for (let level = 0; level < 20_000; level += 1) deep = [deep];
    const nodes = nodesOf(deep);
    expect(nodes).toHaveLength(20_001);
    const folded = firstFolds(nodes);
    expect(rowsOf(nodes, folded, NONE, "yaml").length).toBeLessThan(20);
    expect(unfoldedTo(nodes, folded, 20_000).size).toBe(0);
  });

  test("each node knows where it ends, whatever the value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const nodes = nodesOf(value as Json);
        for (const [place, node] of nodes.entries()) {
          expect(node.end).toBeGreaterThan(place);
          expect(node.end).toBeLessThanOrEqual(nodes.length);
          if (node.parent >= 0) expect(nodes[node.parent]?.end).toBeGreaterThanOrEqual(node.end);
        }
      }),
    );
  });

  test("bare texts are those that YAML reads as texts", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ maxLength: 20 }), fc.constantFrom("a #b", ".inf", "+.Inf", ".nan", "Null")),
        (text) => {
          const row = rowsOf(nodesOf({ key: text }), NONE, NONE, "yaml")[0];
          if (row?.kind === "node" && row.text === text) expect(parse(`key: ${text}`)).toEqual({ key: text });
        },
      ),
    );
  });
});

describe("search", () => {
  test("finds names and values, whatever the case", () => {
    const nodes = nodesOf({ Alpha: { beta: "ALPHA" }, n: 12 });
    expect(matches(nodes, "alpha").map((place) => nodes[place]?.label)).toEqual(["Alpha", "beta"]);
    expect(matches(nodes, "12").map((place) => nodes[place]?.label)).toEqual(["n"]);
    expect(matches(nodes, "")).toEqual([]);
  });
});

describe("lines", () => {
  test("are together the text, and none is too long or ends in half a character", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("😀", "a", "\n"), maxLength: 9_000 }), (text) => {
        const pieces = linesOf(text);
        expect(pieces.every((piece) => piece.length <= ROW_TEXT + 1 && !/[\ud800-\udbff]$/.test(piece))).toBe(true);
        expect(pieces.join("")).toBe(text.replaceAll("\n", ""));
      }),
    );
  });

  test("the start of a text is a start, within its bounds", () => {
    expect(startOf("a\nb\nc", 100, 2)).toBe("a\nb");
    expect(startOf("😀😀", 3, 9)).toBe("😀");
    expect(startOf("ab", 2, 1)).toBe("ab");
  });
});
