import type { DiffLine } from "./lineDiff";

/** A row of two texts side by side: what stands left and right, or how many equal lines are left out. */
export type PairRow =
  | { kind: "same"; text: string }
  | { kind: "differs"; first: string | null; second: string | null }
  | { kind: "equal"; count: number };

/** Equal lines that stay around what differs. */
const AROUND = 3;

/** The lines of a comparison in rows. With `whole` equal lines are all there, else only those around a difference. */
export function sideBySide(lines: readonly DiffLine[], whole: boolean): PairRow[] {
  const rows: PairRow[] = [];
  let first: string[] = [];
  let second: string[] = [];
  const flush = () => {
    for (let at = 0; at < Math.max(first.length, second.length); at += 1) {
      rows.push({ kind: "differs", first: first[at] ?? null, second: second[at] ?? null });
    }
    first = [];
    second = [];
  };
  for (const { kind, text } of lines) {
    if (kind === "first") first.push(text);
    else if (kind === "second") second.push(text);
    else {
      flush();
      rows.push({ kind: "same", text });
    }
  }
  flush();
  return whole ? rows : shortened(rows);
}

function shortened(rows: readonly PairRow[]): PairRow[] {
  const found: PairRow[] = [];
  for (let from = 0; from < rows.length; ) {
    const row = rows[from];
    if (row === undefined) break;
    if (row.kind !== "same") {
      found.push(row);
      from += 1;
      continue;
    }
    let to = from;
    while (rows[to]?.kind === "same") to += 1;
    const before = from === 0 ? 0 : AROUND;
    const after = to === rows.length ? 0 : AROUND;
    // Three lines or fewer are not worth a row that hides them.
    if (to - from <= before + after + AROUND) found.push(...rows.slice(from, to));
    else {
      found.push(...rows.slice(from, from + before));
      found.push({ kind: "equal", count: to - from - before - after });
      found.push(...rows.slice(to - after, to));
    }
    from = to;
  }
  return found;
}
