import { describe, expect, test } from "vitest";
import { parseCategories } from "./categories";
import { price } from "./price";
import { untilDone } from "./untilDone";

describe("categories as they are typed", () => {
  test("have a number behind the last =, or that of their place", () => {
    expect(parseCategories("Good = 1\n\n a=b = -0.5 \nplain\n")).toEqual([
      { label: "Good", value: 1 },
      { label: "a=b", value: -0.5 },
      { label: "plain", value: 2 },
    ]);
  });
  test.each(["Good =", "Good = many", "Good = Infinity"])("refuse %j", (text) => {
    expect(() => parseCategories(text)).toThrow("has no number");
  });
});

test.each([
  [null, "–"],
  [5, "$5.00"],
  [0.15, "$0.15"],
  [0.0025, "$0.0025"],
  [0.075, "$0.075"],
  [1e-9, "$0.000000001"],
])("the price %j", (value, shown) => expect(price(value)).toBe(shown));

test("what is done in pieces is asked for until it is done", async () => {
  const answers = [{ done: false }, { done: false }, { done: true }];
  expect(await untilDone(async () => answers.shift() ?? { done: false })).toEqual({ done: true });
  expect(answers).toEqual([]);
});
