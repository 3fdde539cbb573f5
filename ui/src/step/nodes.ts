import type { Json } from "./types";

/** A value within a value. Nodes stand in the order of reading: a node's inner ones follow it, up to `end`. */
export interface Node {
  value: Json;
  /** Name in its object or number in its list; null at the top. */
  label: string | number | null;
  depth: number;
  /** Place of the value around it, −1 at the top. */
  parent: number;
  /** Place of the first node behind all that is within. */
  end: number;
}

/** Levels that are folded in the beginning, where there is much and where there is little. */
const MUCH = 200;
const OPEN_LEVELS_OF_MUCH = 2;
const OPEN_LEVELS = 12;

export function isContainer(value: Json): value is Json[] | { [key: string]: Json } {
  return typeof value === "object" && value !== null;
}

/** How many a container holds. */
export function sizeOf(value: Json): number {
  return isContainer(value) ? (Array.isArray(value) ? value.length : Object.keys(value).length) : 0;
}

/** All nodes of a value. No recursion: values may be thousands of levels deep. */
export function nodesOf(value: Json): Node[] {
  const nodes: Node[] = [{ value, label: null, depth: 0, parent: -1, end: 0 }];
  const inner: { place: number; entries: [string | number, Json][]; next: number }[] = [];
  const enter = (place: number, entered: Json) => {
    if (!isContainer(entered)) return;
    const entries: [string | number, Json][] = Array.isArray(entered)
      ? entered.map((item, index) => [index, item])
      : Object.entries(entered);
    inner.push({ place, entries, next: 0 });
  };
  enter(0, value);
  for (let level = inner.at(-1); level !== undefined; level = inner.at(-1)) {
    const entry = level.entries[level.next++];
    if (entry === undefined) {
      const done = nodes[level.place];
      if (done !== undefined) done.end = nodes.length;
      inner.pop();
      continue;
    }
    const [label, child] = entry;
    const place = nodes.length;
    nodes.push({ value: child, label, depth: inner.length, parent: level.place, end: place + 1 });
    enter(place, child);
  }
  const top = nodes[0];
  if (top !== undefined) top.end = nodes.length;
  return nodes;
}

/** The containers that are folded in the beginning, by place. */
export function firstFolds(nodes: readonly Node[]): Set<number> {
  return foldsBelow(nodes, nodes.length > MUCH ? OPEN_LEVELS_OF_MUCH : OPEN_LEVELS);
}

/** The containers `depth` or more levels down that hold something. */
export function foldsBelow(nodes: readonly Node[], depth: number): Set<number> {
  const folded = new Set<number>();
  for (const [place, node] of nodes.entries()) {
    if (node.depth >= depth && node.end > place + 1) folded.add(place);
  }
  return folded;
}

/** Places of the nodes whose label or plain value has `wanted` in it, whatever the case. */
export function matches(nodes: readonly Node[], wanted: string): number[] {
  const needle = wanted.toLowerCase();
  if (needle === "") return [];
  const found: number[] = [];
  for (const [place, { label, value }] of nodes.entries()) {
    const text = isContainer(value) ? "" : String(value);
    if (`${label ?? ""}`.toLowerCase().includes(needle) || text.toLowerCase().includes(needle)) found.push(place);
  }
  return found;
}

/** `folded` without the containers around `place`: it can be seen then. */
export function unfoldedTo(nodes: readonly Node[], folded: ReadonlySet<number>, place: number): Set<number> {
  const open = new Set(folded);
  for (let at = nodes[place]?.parent ?? -1; at >= 0; at = nodes[at]?.parent ?? -1) open.delete(at);
  return open;
}
