import type { Node } from "./tree";

/** A line of the tree as it is shown, with what a screen reader is told about its place. */
export interface Line {
  node: Node;
  /** 1 for roots. */
  level: number;
  /** 1 for the first of its siblings. */
  position: number;
  siblings: number;
  folded: boolean;
}

/** The lines that are to be seen, from top to bottom: all but those below a folded one. */
export function flatten(roots: readonly Node[], folded: ReadonlySet<string>): Line[] {
  const lines: Line[] = [];
  const pending: [siblings: readonly Node[], next: number][] = [[roots, 0]];
  for (let top = pending.at(-1); top !== undefined; top = pending.at(-1)) {
    const [siblings, next] = top;
    const node = siblings[next];
    if (node === undefined) {
      pending.pop();
      continue;
    }
    top[1] = next + 1;
    const closed = node.children.length > 0 && folded.has(node.id);
    lines.push({ node, level: pending.length, position: next + 1, siblings: siblings.length, folded: closed });
    if (node.children.length > 0 && !closed) pending.push([node.children, 0]);
  }
  return lines;
}

/** `folded` without what hides `node`. */
export function revealing(folded: ReadonlySet<string>, node: Node): ReadonlySet<string> {
  const hiding: string[] = [];
  for (let above = node.parent; above !== null; above = above.parent) if (folded.has(above.id)) hiding.push(above.id);
  if (hiding.length === 0) return folded;
  const open = new Set(folded);
  for (const id of hiding) open.delete(id);
  return open;
}
