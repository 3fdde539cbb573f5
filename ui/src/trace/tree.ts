import type { Row, Trace } from "./rows";

/** What is odd about where or when a step stands. */
export type Mark = "missing" | "cycle" | "skew";

/** A step in its tree. Times are microseconds. */
export interface Node {
  id: string;
  /** Null for a parent that is named and has not arrived. */
  row: Row | null;
  parent: Node | null;
  children: Node[];
  /** `missing`: not arrived; `cycle`: its parents lead back to it; `skew`: it begins before its parent, or ends before it begins. */
  mark: Mark | null;
  begin: number;
  /** Where its bar ends; of what has no end the end of what is below it, or now. */
  end: number;
  /** Seconds; null where nobody said when it ended. */
  duration: number | null;
  state: "done" | "in flight" | "unfinished";
}

export interface Tree {
  roots: Node[];
  nodes: Map<string, Node>;
}

/** Clocks of two machines differ by this much without anything being wrong. */
const TOLERATED_SKEW = 1_000;
/** What has no end and of whose trace nothing was heard for so long has stopped without saying so. */
const PATIENCE = 3_600_000_000;

/**
 * The rows as a forest, each tree in order of begin.
 *
 * Parents that have not arrived are nodes of their own, members of a cycle are roots. Takes one pass over the rows, so
 * that 50 000 of them are no matter.
 */
export function buildTree(trace: Trace): Tree {
  const { rows, readAt } = trace;
  const missing = new Set(trace.missing);
  const heard = rows.reduce((latest, row) => Math.max(latest, row.end ?? row.time), 0);
  const alive = readAt - heard < PATIENCE;
  const nodes = new Map<string, Node>();
  for (const row of rows) nodes.set(row.id, nodeOf(row, alive));
  for (const row of rows) {
    const node = nodes.get(row.id);
    const above = parentOf(row, nodes, missing, alive);
    if (node !== undefined && above !== null && above !== node) node.parent = above;
  }
  breakCycles(nodes);
  const roots: Node[] = [];
  for (const node of nodes.values()) (node.parent === null ? roots : node.parent.children).push(node);
  const tree = { roots, nodes };
  settleTimes(tree, readAt);
  order(tree);
  return tree;
}

function nodeOf(row: Row, alive: boolean): Node {
  const begin = row.start ?? row.time;
  const known = row.start !== null && row.end !== null;
  const open = row.start !== null && row.end === null && !(row.type ?? "").endsWith("_message");
  return {
    id: row.id,
    row,
    parent: null,
    children: [],
    mark: known && (row.end as number) < begin ? "skew" : null,
    begin,
    end: row.end ?? begin,
    duration: known ? ((row.end as number) - begin) / 1e6 : null,
    state: open ? (alive ? "in flight" : "unfinished") : "done",
  };
}

/** The node above a row; one that has not arrived is made. */
function parentOf(row: Row, nodes: Map<string, Node>, missing: ReadonlySet<string>, alive: boolean): Node | null {
  for (const id of [row.parent, row.rootRun]) {
    if (id === null) continue;
    const known = nodes.get(id);
    if (known !== undefined) return known;
    if (missing.has(id)) return placeholder(id, nodes, alive);
    if (id === row.parent) break; // it stands in another thread
  }
  // A span that nobody heard of for long is taken for one that is no step.
  return row.parent === null && row.waitsFor !== null && alive
    ? placeholder(`span ${row.waitsFor}`, nodes, alive)
    : null;
}

function placeholder(id: string, nodes: Map<string, Node>, alive: boolean): Node {
  const known = nodes.get(id);
  if (known !== undefined) return known;
  const made: Node = {
    id,
    row: null,
    parent: null,
    children: [],
    mark: "missing",
    begin: Number.POSITIVE_INFINITY,
    end: Number.NEGATIVE_INFINITY,
    duration: null,
    state: alive ? "in flight" : "unfinished",
  };
  nodes.set(id, made);
  return made;
}

/** Every member of a cycle becomes a root with a mark. Each node is walked over once. */
function breakCycles(nodes: Map<string, Node>): void {
  const settled = new Set<Node>();
  for (const node of nodes.values()) {
    // Parents mostly come before what is below them: nothing is to be walked then.
    if (node.parent === null || settled.has(node.parent)) {
      settled.add(node);
      continue;
    }
    const path: Node[] = [];
    const onPath = new Set<Node>();
    let current: Node | null = node;
    while (current !== null && !settled.has(current) && !onPath.has(current)) {
      path.push(current);
      onPath.add(current);
      current = current.parent;
    }
    if (current !== null && onPath.has(current)) {
      for (const member of path.slice(path.indexOf(current))) {
        member.parent = null;
        member.mark = "cycle";
      }
    }
    for (const walked of path) settled.add(walked);
  }
}

/** Begins of what has not arrived, ends of what has none, and clocks that disagree. */
function settleTimes({ roots, nodes }: Tree, readAt: number): void {
  for (const node of [...walk(roots)].reverse()) {
    const { parent } = node;
    if (node.state === "in flight") node.end = Math.max(node.end, readAt);
    if (parent === null) continue;
    if (parent.row === null) parent.begin = Math.min(parent.begin, node.begin);
    if (parent.state !== "done") parent.end = Math.max(parent.end, node.end);
  }
  for (const node of nodes.values()) {
    const above = node.parent?.row?.start ?? null;
    const start = node.row?.start ?? null;
    if (node.mark === null && above !== null && start !== null && start < above - TOLERATED_SKEW) node.mark = "skew";
  }
}

function order({ roots, nodes }: Tree): void {
  sortByBegin(roots);
  for (const node of nodes.values()) sortByBegin(node.children);
}

/** Rows come in order; what has to move is a placeholder, a row that changed since, or one with the same begin. */
function sortByBegin(siblings: Node[]): void {
  for (let place = 1; place < siblings.length; place += 1) {
    const [before, after] = [siblings[place - 1], siblings[place]];
    if (before !== undefined && after !== undefined && inOrder(before, after) > 0) {
      siblings.sort(inOrder);
      return;
    }
  }
}

/** Some clocks count milliseconds: of two with the same begin the one that ended first was first. */
function inOrder(one: Node, other: Node): number {
  return one.begin - other.begin || one.end - other.end;
}

/** All nodes below and with `roots`, each before what is below it. */
export function* walk(roots: readonly Node[]): Generator<Node> {
  const pending = [...roots].reverse();
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    yield node;
    for (let place = node.children.length - 1; place >= 0; place -= 1) {
      const child = node.children[place];
      if (child !== undefined) pending.push(child);
    }
  }
}

/** The topmost node above. */
export function rootOf(node: Node): Node {
  let current = node;
  while (current.parent !== null) current = current.parent;
  return current;
}

/** A node's part of its root's duration, 0 to 1 and beyond; null for a root and where a duration is unknown. */
export function share(node: Node): number | null {
  if (node.parent === null || node.duration === null) return null;
  const whole = rootOf(node).duration;
  return whole === null || whole <= 0 ? null : node.duration / whole;
}
