import type { AnyRow, Page } from "./rows";

/** What came of asking for the first page again. */
export interface Merged {
  pages: Page[];
  /** Rows that are new above those that were there. */
  added: number;
}

/**
 * The pages of a list with a first page that was asked for anew: its rows, then the older ones that follow the last row
 * that both have. Rows that are gone in between go; where both have none in common the new page stands alone.
 */
export function mergeNewest(pages: readonly Page[], fresh: Page): Merged {
  const old = pages.flatMap(({ rows }) => rows as AnyRow[]);
  const places = new Map(old.map((row, place) => [row.id, place]));
  const known = fresh.rows.flatMap((row) => places.get(row.id) ?? []);
  const added = fresh.rows.findIndex((row) => places.has(row.id));
  const last = pages.at(-1);
  if (known.length === 0 || last === undefined || !fresh.pageInfo.hasNextPage) {
    return { pages: [fresh], added: added === -1 ? fresh.rows.length : added };
  }
  const shown = new Set(fresh.rows.map(({ id }) => id));
  const older = old.slice(Math.max(...known) + 1).filter(({ id }) => !shown.has(id));
  if (older.length === 0) return { pages: [fresh], added };
  return { pages: [{ rows: [...fresh.rows, ...older], pageInfo: last.pageInfo }], added };
}

/** The pages with the rows that `fresh` knows as it knows them, none added and none moved: for who reads further down. */
export function updateKnown(pages: readonly Page[], fresh: Page): Page[] {
  const news = new Map((fresh.rows as AnyRow[]).map((row) => [row.id, row]));
  return pages.map(({ rows, pageInfo }) => ({
    rows: (rows as AnyRow[]).map((row) => news.get(row.id) ?? row),
    pageInfo,
  }));
}
