/** A line of a comparison: on both sides, only in the first, or only in the second. */
export interface DiffLine {
  kind: "same" | "first" | "second";
  text: string;
}

/** Lines that may differ; beyond that only beginning and end are held against each other. Memory is its square. */
const MOST_EDITS = 1_000;

/** The shortest way from one text to the other, line by line (Myers, "An O(ND) difference algorithm"). */
export function lineDiff(first: string, second: string): DiffLine[] {
  const a = first === "" ? [] : first.split("\n");
  const b = second === "" ? [] : second.split("\n");
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  const same = (lines: string[]): DiffLine[] => lines.map((text) => ({ kind: "same", text }));
  return [
    ...same(a.slice(0, start)),
    ...middle(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...same(a.slice(a.length - end)),
  ];
}

function middle(a: string[], b: string[]): DiffLine[] {
  const trace = a.length === 0 || b.length === 0 ? null : ways(a, b);
  if (trace === null) {
    return [
      ...a.map((text): DiffLine => ({ kind: "first", text })),
      ...b.map((text): DiffLine => ({ kind: "second", text })),
    ];
  }
  const found: DiffLine[] = [];
  let x = a.length;
  let y = b.length;
  for (let edits = trace.length - 1; edits >= 0; edits -= 1) {
    const reached = trace[edits] ?? new Map<number, number>();
    const k = x - y;
    const down = k === -edits || (k !== edits && at(reached, k - 1) < at(reached, k + 1));
    const before = down ? k + 1 : k - 1;
    const fromX = at(reached, before);
    const fromY = fromX - before;
    while (x > fromX && y > fromY && x > 0 && y > 0) {
      found.push({ kind: "same", text: a[x - 1] ?? "" });
      x -= 1;
      y -= 1;
    }
    if (edits === 0) break;
    if (down) found.push({ kind: "second", text: b[y - 1] ?? "" });
    else found.push({ kind: "first", text: a[x - 1] ?? "" });
    x = fromX;
    y = fromY;
  }
  return found.reverse();
}

/** For each number of edits how far each diagonal was reached before it; null where there are too many edits. */
function ways(a: string[], b: string[]): Map<number, number>[] | null {
  let reached = new Map<number, number>([[1, 0]]);
  const trace: Map<number, number>[] = [];
  for (let edits = 0; edits <= Math.min(a.length + b.length, MOST_EDITS); edits += 1) {
    trace.push(reached);
    const next = new Map(reached);
    for (let k = -edits; k <= edits; k += 2) {
      const down = k === -edits || (k !== edits && at(next, k - 1) < at(next, k + 1));
      let x = down ? at(next, k + 1) : at(next, k - 1) + 1;
      let y = x - k;
      while (x < a.length && y < b.length && a[x] === b[y]) {
        x += 1;
        y += 1;
      }
      next.set(k, x);
      if (x >= a.length && y >= b.length) return trace;
    }
    reached = next;
  }
  return null;
}

function at(reached: ReadonlyMap<number, number>, k: number): number {
  return reached.get(k) ?? 0;
}
