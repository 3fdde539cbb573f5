import { describe, expect, test } from "vitest";
import { parseCategories, writeCategories } from "./categories";
import { price } from "./price";

describe("categories as they are typed", () => {
  test("have a number behind the =, or that of their place, and what is said of them behind a colon", () => {
    expect(parseCategories("Good = 1: thanks, or tips: 5 = much\n\n a=b = -0.5 \nplain\n")).toEqual([
      { label: "Good", value: 1, description: "thanks, or tips: 5 = much" },
      { label: "a=b", value: -0.5, description: null },
      { label: "plain", value: 2, description: null },
    ]);
  });
  test("are read as they were written", () => {
    const categories = [
      { label: "Very good: yes", value: 1e21, description: "a = b" },
      { label: "悪い", value: -0.25, description: null },
    ];
    expect(parseCategories(writeCategories(categories))).toEqual(categories);
  });
  test.each(["Good =", "Good = many", "Good = Infinity", "Good = 1.2.3"])("refuse %j", (text) => {
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
