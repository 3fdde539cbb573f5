import { describe, expect, test } from "vitest";
import { areaOf } from "./area";
import { initials } from "./initials";

describe("initials", () => {
  test.each([
    ["Ada Lovelace", "AL"],
    ["ada", "A"],
    ["  Jean  Luc  Picard ", "JP"],
    ["émile zola", "ÉZ"],
    ["😀 x", "😀X"],
    ["", "?"],
    ["   ", "?"],
  ])("of %j", (name, letters) => expect(initials(name)).toBe(letters));
});

describe("the area that another project opens in", () => {
  test.each([
    ["/p/a/threads", "threads"],
    ["/p/a/threads/one/thread", "threads"],
    ["/base/p/a/settings/tags", "settings"],
    ["/p/a/compare", "dashboard"],
    ["/p/a", "dashboard"],
    ["/p/a/stepsons", "dashboard"],
  ])("of %s", (path, area) => expect(areaOf(path)).toBe(area));
});
