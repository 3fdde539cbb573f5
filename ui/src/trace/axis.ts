import type { Node } from "./tree";

/** A stretch of time in which something happened; `from` and `to` in microseconds, `left` and `right` from 0 to 1. */
export interface Stretch {
  from: number;
  to: number;
  left: number;
  right: number;
}

/** Time as the waterfall lays it out: stretches from left to right, the idle time between them folded to a mark. */
export interface Axis {
  stretches: Stretch[];
  /** Microseconds that all stretches take together. */
  busy: number;
}

export interface Tick {
  place: number;
  /** Seconds since its stretch began. */
  seconds: number;
}

/** Idle time is folded when it is longer than this part of all busy time. */
const FOLD_FROM = 0.15;
const SHORTEST_FOLD = 50_000;
/** Room of one mark, and of all of them together. */
const MARK = 0.03;
const MARKS = 0.3;

/** The axis over all nodes: gaps in which no step ran are folded (P-LOG-06). */
export function makeAxis(nodes: Iterable<Node>): Axis {
  const spans: [from: number, to: number][] = [];
  for (const node of nodes) {
    if (Number.isFinite(node.begin)) spans.push([Math.min(node.begin, node.end), Math.max(node.begin, node.end)]);
  }
  const covered = union(spans);
  const covers = covered.reduce((sum, [from, to]) => sum + (to - from), 0);
  const longest = Math.max(covers * FOLD_FROM, SHORTEST_FOLD);
  const joined = union(covered, longest);
  const busy = joined.reduce((sum, [from, to]) => sum + (to - from), 0);
  const gaps = joined.length - 1;
  const mark = gaps <= 0 ? 0 : Math.min(MARK, MARKS / gaps);
  const room = 1 - mark * Math.max(gaps, 0);
  let left = 0;
  const stretches = joined.map(([from, to]): Stretch => {
    const width = busy > 0 ? ((to - from) / busy) * room : room / joined.length;
    const stretch = { from, to, left, right: left + width };
    left += width + mark;
    return stretch;
  });
  return { stretches, busy };
}

/** Intervals in order, those joined that overlap or lie at most `apart` from each other. */
function union(spans: readonly [number, number][], apart = 0): [from: number, to: number][] {
  const joined: [number, number][] = [];
  for (const [from, to] of [...spans].sort((one, other) => one[0] - other[0])) {
    const last = joined.at(-1);
    if (last !== undefined && from - last[1] <= apart) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}

/** Where a moment lies on the axis, 0 to 1. */
export function place({ stretches }: Axis, moment: number): number {
  let low = 0;
  let high = stretches.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((stretches[middle]?.from ?? 0) <= moment) low = middle;
    else high = middle - 1;
  }
  const found = stretches[low];
  if (found === undefined) return 0;
  const { from, to, left, right } = found;
  if (to <= from) return left;
  return left + (right - left) * Math.min(1, Math.max(0, (moment - from) / (to - from)));
}

/** Whether a part of a time lies on the axis: zoomed to a step, it does not hold what was before and after. */
export function overlaps({ stretches }: Axis, from: number, to: number): boolean {
  const [first, last] = [stretches[0], stretches.at(-1)];
  return first !== undefined && last !== undefined && to >= first.from && from <= last.to;
}

/** The marks between stretches: where each is and how many seconds it stands for. */
export function breaks({ stretches }: Axis): { left: number; right: number; seconds: number }[] {
  return stretches.slice(1).map((after, index) => {
    const before = stretches[index] ?? after;
    return { left: before.right, right: after.left, seconds: (after.from - before.to) / 1e6 };
  });
}

/** Round times to draw lines at, at most about `most` of them; each stretch counts from its own begin. */
export function ticks({ stretches, busy }: Axis, most: number): Tick[] {
  if (busy <= 0 || most < 1) return [];
  const step = round(busy / most);
  return stretches.flatMap(({ from, to, left, right }) => {
    const found: Tick[] = [];
    for (let offset = step; offset < to - from - step / 4; offset += step) {
      found.push({ place: left + ((right - left) * offset) / (to - from), seconds: offset / 1e6 });
    }
    return found;
  });
}

const MINUTE = 60_000_000;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_440, 2_880, 10_080].map((minutes) => minutes * MINUTE);

/** The next round length of time of at least `microseconds`. */
function round(microseconds: number): number {
  if (microseconds > 30_000_000) return STEPS.find((step) => step >= microseconds) ?? microseconds;
  const power = 10 ** Math.floor(Math.log10(microseconds));
  const found = [1, 2, 5, 10].find((factor) => factor * power >= microseconds) ?? 10;
  return Math.min(found * power, 30_000_000);
}
