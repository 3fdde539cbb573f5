import fc from "fast-check";
import { expect, describe as suite, test } from "vitest";
import { curlCode, python, pythonCode } from "./exportCode";
import { describe, type Filter, filtersOf, parseFilters, typedValue, withFilter } from "./filter";
import { listSearch, nextOrder, orderOf } from "./listSearch";

const filter = (more: Partial<Filter>): Filter => ({ field: "model", operator: "eq", value: "gpt-4o", ...more });

suite("a filter in words", () => {
  test.each([
    [filter({}), "Model = gpt-4o"],
    [filter({ operator: "in", value: ["a"] }), "Model = a"],
    [filter({ operator: "nin", value: ["a", "b"] }), "Model not in a, b"],
    [filter({ field: "scoreValue", operator: "gte", value: 0.5, path: "helpful" }), "Score helpful ≥ 0.5"],
    [filter({ field: "error", operator: "nis", value: null }), "Error is set"],
    [filter({ field: "participantIdentifiers", operator: "in", value: ["ada"] }), "User = ada"],
  ])("%j", (given, text) => expect(describe(given)).toBe(text));
});

suite("what is typed", () => {
  test.each([
    ["number", "gt", ["1.5"], 1.5],
    ["number", "gt", ["many"], undefined],
    ["score", "eq", ["0"], 0],
    ["text", "eq", [" a "], "a"],
    ["text", "eq", [""], undefined],
    ["text", "is", [""], null],
    ["choice", "in", ["a", "", "b"], ["a", "b"]],
    ["tags", "in", [], undefined],
    ["time", "gt", ["2026-01-01T00:00:00Z"], "2026-01-01T00:00:00.000Z"],
    ["time", "gt", ["soon"], undefined],
    ["json", "eq", ["42"], "42"],
  ] as const)("%s %s %j", (kind, operator, typed, value) => {
    expect(typedValue(kind, operator, [...typed])).toEqual(value);
  });
});

/** JSON has no -0: it is 0. */
const anyNumber = fc.double().map((number) => number + 0);

const anyFilter = fc.record(
  {
    field: fc.string(),
    operator: fc.string(),
    value: fc.oneof(fc.string(), anyNumber, fc.constant(null), fc.array(fc.string())),
    path: fc.string({ minLength: 1 }),
  },
  { requiredKeys: ["field", "operator", "value"] },
);

suite("filters as text", () => {
  test("what is written is read as the same", () => {
    fc.assert(
      fc.property(fc.array(anyFilter), (filters) => {
        const text = JSON.stringify(filters);
        expect(parseFilters(text)).toEqual(JSON.parse(text));
        expect(filtersOf(JSON.parse(text))).toEqual(JSON.parse(text));
      }),
    );
  });
  test("of anything else, what is no filter is left out", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.anything(), anyFilter)), (given) => {
        for (const one of filtersOf(given)) expect(parseFilters(JSON.stringify([one]))).toEqual([one]);
      }),
    );
    expect(filtersOf({ field: "a" })).toEqual([]);
    expect(filtersOf([{ field: "a" }, filter({})])).toEqual([filter({})]);
  });
  test.each([
    ["{", "This is no JSON"],
    ["{}", "Filters are a list"],
    ['[{"field": "a", "operator": "eq", "value": "b"}, {"field": 1}]', "Filter 2 needs"],
    ['[{"field": "a", "operator": "eq", "value": 1e999}]', "Filter 1 needs"],
  ])("%s", (text, message) => expect(() => parseFilters(text)).toThrow(message));
  test("an empty text is no filter", () => expect(parseFilters("  ")).toEqual([]));
});

test("one filter takes the place of another, or stands behind all", () => {
  const [a, b, c] = ["a", "b", "c"].map((field) => filter({ field }));
  if (a === undefined || b === undefined || c === undefined) throw new Error("three are made");
  expect(withFilter([a, b], c)).toEqual([a, b, c]);
  expect(withFilter([a, b], c, 0)).toEqual([c, b]);
});

suite("the address of a list", () => {
  test("keeps what makes sense", () => {
    expect(listSearch({ filters: [filter({})], q: 42, order: "createdAt:ASC", range: "7d" })).toEqual({
      filters: [filter({})],
      q: "42",
      order: "createdAt:ASC",
    });
    expect(listSearch({ filters: "x", q: " ", order: "drop table" })).toEqual({});
  });
  test("an order goes down, up and away", () => {
    const down = nextOrder("name", null);
    const up = nextOrder("name", orderOf(down));
    expect([down, up, nextOrder("name", orderOf(up))]).toEqual(["name:DESC", "name:ASC", undefined]);
  });
});

suite("the code of an export", () => {
  const asked = {
    kind: "runs" as const,
    url: "https://l.example",
    filters: [filter({ field: "name", value: "it's" })],
    order: orderOf("createdAt:DESC"),
  };
  test("is Python", () => {
    expect(python({ a: [null, true, 1.5, 'q"'] })).toBe('{"a": [None, True, 1.5, "q\\""]}');
    expect(pythonCode(asked)).toContain('filters = [{"field": "type", "operator": "eq", "value": "run"}, {"field"');
    expect(pythonCode(asked)).toContain(
      'get_steps(first=100, after=after, filters=filters, order_by={"column": "createdAt"',
    );
  });
  test("is a command that a shell takes", () => expect(curlCode(asked)).toContain("it'\\''s"));
});
