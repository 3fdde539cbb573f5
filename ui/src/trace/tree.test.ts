import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { flatten, revealing } from "./flatten";
import { row, trace } from "./made";
import { buildTree, type Node, share, type Tree, walk } from "./tree";

/** `name(child, child)` for each root. */
function drawn({ roots }: Tree): string {
  const one = (node: Node): string => {
    const below = node.children.map(one).join(" ");
    return `${node.id}${node.mark === null ? "" : `!${node.mark}`}${below === "" ? "" : `(${below})`}`;
  };
  return roots.map(one).join(" ");
}

function at(tree: Tree, id: string): Node {
  const node = tree.nodes.get(id);
  if (node === undefined) throw new Error(`no ${id}`);
  return node;
}

describe("the tree", () => {
  it("has children in order of begin", () => {
    const rows = [row("a"), row("c", "a", 2), row("b", "a", 1), row("d", "c", 3), row("e", null, 9)];
    expect(drawn(buildTree(trace(rows)))).toBe("a(b c(d)) e");
  });

  it("has what ended first first where a coarse clock gave two the same begin", () => {
    const rows = [row("a", null, 1, 9), row("answered", "a", 2, 7), row("called", "a", 2, 2)];
    expect(drawn(buildTree(trace(rows)))).toBe("a(called answered)");
  });

  it("shows a parent that has not arrived above what named it", () => {
    const rows = [row("a", "gone", 1, 2), row("b", "gone", 3, 4)];
    const tree = buildTree(trace(rows, { missing: ["gone"], readAt: 5 }));
    expect(drawn(tree)).toBe("gone!missing(a b)");
    expect(at(tree, "gone")).toMatchObject({ begin: 1e6, end: 5e6, duration: null, state: "in flight" });
  });

  it("hangs a step that names only its root run below it, arrived or not", () => {
    const rows = [row("run"), row("a", null, 1, 1, { rootRun: "run" }), row("b", null, 2, 2, { rootRun: "late" })];
    expect(drawn(buildTree(trace(rows, { missing: ["late"] })))).toBe("run(a) late!missing(b)");
  });

  it("leaves a step whose parent is in another thread a root", () => {
    expect(drawn(buildTree(trace([row("a", "elsewhere")])))).toBe("a");
  });

  it("groups what waits for the same span, as long as it may come", () => {
    const rows = [row("a", null, 1, 1, { waitsFor: "ff" }), row("b", null, 2, 2, { waitsFor: "ff" })];
    expect(drawn(buildTree(trace(rows, { readAt: 10 })))).toBe("span ff!missing(a b)");
    expect(drawn(buildTree(trace(rows, { readAt: 7_200 })))).toBe("a b");
  });

  it("makes members of a cycle roots, and keeps what hangs on them", () => {
    const rows = [row("a", "c"), row("b", "a"), row("c", "b"), row("below", "b"), row("self", "self")];
    expect(drawn(buildTree(trace(rows)))).toBe("a!cycle b!cycle(below) c!cycle self");
  });

  it("marks clocks that disagree, and only these", () => {
    const rows = [row("a", null, 5, 9), row("early", "a", 4, 6), row("backwards", "a", 7, 6), row("fine", "a", 5, 20)];
    const tree = buildTree(trace(rows));
    expect([...tree.nodes.values()].map(({ id, mark }) => [id, mark])).toEqual([
      ["a", null],
      ["early", "skew"],
      ["backwards", "skew"],
      ["fine", null],
    ]);
    expect(at(tree, "backwards").duration).toBe(-1);
  });

  it("tells what is in flight from what ended without saying so and from messages", () => {
    const rows = [row("run", null, 1, null), row("m", "run", 2, null, { type: "user_message" }), row("c", "run", 3, 4)];
    const live = buildTree(trace(rows, { readAt: 6 }));
    expect([at(live, "run").state, at(live, "run").end, at(live, "m").state]).toEqual(["in flight", 6e6, "done"]);
    const stopped = buildTree(trace(rows, { readAt: 90_000 }));
    expect([at(stopped, "run").state, at(stopped, "run").end]).toEqual(["unfinished", 4e6]);
  });

  it("knows what part of the root's duration a step took", () => {
    const tree = buildTree(trace([row("a", null, 0, 10), row("b", "a", 1, 5), row("c", "b", 2, 4)]));
    expect(["a", "b", "c"].map((id) => share(at(tree, id)))).toEqual([null, 0.4, 0.2]);
  });
});

const parents = fc.array(fc.option(fc.nat({ max: 60 }), { nil: null }), { maxLength: 60 });

describe("whatever the parents are", () => {
  it("each row is shown exactly once, below its own parent or as a root", () => {
    fc.assert(
      fc.property(parents, (named) => {
        const rows = named.map((parent, index) => row(`${index}`, parent === null ? null : `${parent}`, index));
        const missing = [...new Set(named)].filter((id) => id !== null && id >= rows.length).map(String);
        const tree = buildTree(trace(rows, { missing }));
        const shown = [...walk(tree.roots)];
        expect(shown.map(({ id }) => id).sort()).toEqual([...tree.nodes.keys()].sort());
        expect(tree.nodes.size).toBe(rows.length + missing.length);
        for (const node of shown) for (const child of node.children) expect(child.parent).toBe(node);
      }),
    );
  });

  it("lines are the nodes that no fold hides, with their places among siblings", () => {
    fc.assert(
      fc.property(parents, fc.uniqueArray(fc.nat({ max: 60 })), (named, closed) => {
        const rows = named.map((parent, index) =>
          row(`${index}`, parent === null || parent >= index ? null : `${parent}`, index),
        );
        const tree = buildTree(trace(rows));
        const folded = new Set(closed.map(String));
        const lines = flatten(tree.roots, folded);
        const hidden = (node: Node): boolean =>
          node.parent !== null && (folded.has(node.parent.id) || hidden(node.parent));
        expect(lines.map(({ node }) => node)).toEqual([...walk(tree.roots)].filter((node) => !hidden(node)));
        for (const { node, position, siblings, level } of lines) {
          const among = node.parent?.children ?? tree.roots;
          expect([among[position - 1], among.length]).toEqual([node, siblings]);
          expect(level === 1).toBe(node.parent === null);
        }
        for (const node of tree.nodes.values()) {
          const open = revealing(folded, node);
          expect(flatten(tree.roots, open).some((line) => line.node === node)).toBe(true);
        }
      }),
    );
  });
});

it("builds 50 000 rows of any shape, a chain of as many among them, without a walk of a walk", () => {
  const size = 50_000;
  let reads = 0;
  const counted = (id: number, parent: number | null) => {
    const made = row(`${id}`, parent === null ? null : `${parent}`, id);
    const named = made.parent;
    return Object.defineProperty(made, "parent", {
      get() {
        reads += 1;
        return named;
      },
    });
  };
  const rows = Array.from({ length: size }, (_, id) => counted(id, id === 0 ? null : id - 1));
  const tree = buildTree(trace(rows));
  expect(reads).toBeLessThanOrEqual(4 * size);
  expect(flatten(tree.roots, new Set()).at(-1)?.level).toBe(size);
});
