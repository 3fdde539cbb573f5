import { expect, test } from "vitest";
import { mergeNewest, updateKnown } from "./merge";
import type { Page, UserRow } from "./rows";

const row = (id: string, threadCount = 0): UserRow => ({
  id,
  identifier: id,
  createdAt: "2026-01-01T00:00:00Z",
  lastEngaged: null,
  threadCount,
  tokenCount: 0,
});
const page = (ids: string, more = true): Page<UserRow> => ({
  rows: [...ids].map((id) => row(id)),
  pageInfo: { endCursor: ids.at(-1) ?? null, hasNextPage: more, cut: false, scannedUntil: null },
});
const shown = (pages: readonly Page[]) => pages.map(({ rows }) => rows.map(({ id }) => id).join("")).join(" ");

test.each([
  // what is there, the first page anew, what comes of it, how many are new
  [["defg", "hij"], "bcde", "bcdefghij", 2],
  [["defg", "hij"], "defg", "defghij", 0],
  [["defg", "hij"], "deg", "deghij", 0],
  [["defg", "hij"], "xyz", "xyz", 3],
  [["d"], "cd", "cd", 1],
])("%j with %s is %s, %i new", (before, fresh, after, added) => {
  const merged = mergeNewest(
    before.map((ids) => page(ids)),
    page(fresh),
  );
  expect(shown(merged.pages)).toBe(after);
  expect(merged.added).toBe(added);
});

test("the last cursor stays that of the oldest row", () => {
  const { pages } = mergeNewest([page("def"), page("ghi", false)], page("cde"));
  expect(pages.at(-1)?.pageInfo).toEqual(page("ghi", false).pageInfo);
});

test("a first page without a next one is all that there is", () => {
  expect(shown(mergeNewest([page("def"), page("ghi")], page("ad", false)).pages)).toBe("ad");
});

test("rows that changed are shown as they are now, where they are", () => {
  const fresh: Page<UserRow> = { ...page(""), rows: [row("x", 1), row("e", 7)] };
  const pages = updateKnown([page("de"), page("f")], fresh);
  expect(shown(pages)).toBe("de f");
  expect(pages[0]?.rows[1]).toEqual(row("e", 7));
});
