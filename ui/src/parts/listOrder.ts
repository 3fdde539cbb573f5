/** The ids of the list that a page was opened from, in its order; forgotten with the tab. */
let kept: { kind: string; ids: readonly string[] } | null = null;

/** A list says what it shows when one of its rows is opened. `kind`: as in addresses, `threads`. */
export function keepOrder(kind: string, ids: readonly string[]): void {
  kept = { kind, ids };
}

/** What stood before and after a row in the list that it was opened from; null where there is none. */
export function neighbours(kind: string, id: string): { before: string | null; after: string | null } {
  const at = kept?.kind === kind ? kept.ids.indexOf(id) : -1;
  if (at < 0) return { before: null, after: null };
  return { before: kept?.ids[at - 1] ?? null, after: kept?.ids[at + 1] ?? null };
}
