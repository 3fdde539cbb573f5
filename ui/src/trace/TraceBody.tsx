import { useRouter } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useProjectId } from "../frame/project";
import { Button } from "../parts/Button";
import { useKept } from "../parts/kept";
import { type Shortcut, useShortcuts } from "../parts/keys";
import { usePrefetchStep } from "../step/query";
import { StepPanel } from "../step/StepPanel";
import { makeAxis } from "./axis";
import { Conversation } from "./Conversation";
import { find } from "./find";
import { flatten, type Line, revealing } from "./flatten";
import type { Kind } from "./InList";
import type { Way } from "./query";
import { SearchBox } from "./SearchBox";
import { Splitter } from "./Splitter";
import { StepTree } from "./StepTree";
import { type Node, type Tree, walk } from "./tree";
import { useView, VIEWS, type View } from "./useView";
import { useRested, useSelection } from "./useWalk";

const NAMES: Record<View, string> = { conversation: "Conversation", tree: "Tree", waterfall: "Waterfall" };
const NONE: ReadonlySet<string> = new Set();
/** The panel follows the selection once it rests for this long; its neighbours are read after the second. */
const PANEL_REST = 60;
const PREFETCH_REST = 250;

interface Props {
  tree: Tree;
  kind: Kind;
  way: Way;
  id: string;
}

/** The panes below the head: the conversation, or tree, waterfall and the selected step. */
export function TraceBody({ tree, kind, way, id }: Props) {
  const [view, setView] = useView(way);
  const [treeWidth, setTreeWidth] = useKept("trace.tree", 470);
  const [panelWidth, setPanelWidth] = useKept("trace.panel", 460);
  const [folded, setFolded] = useState(NONE);
  const [text, setText] = useState("");
  // A run below another one opens in the whole tree, with itself selected.
  const first = way !== "thread" && (way === "step" || tree.nodes.has(id)) ? id : (tree.roots[0]?.id ?? null);
  const { selected, select, current } = useSelection(first);
  const router = useRouter();
  const project = useProjectId();
  const scroller = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const all = useMemo(() => [...walk(tree.roots)], [tree]);
  const [zoomed, setZoomed] = useState<string | null>(null);
  const axis = useMemo(() => {
    if (view !== "waterfall") return null;
    const top = zoomed === null ? undefined : tree.nodes.get(zoomed);
    return makeAxis(top === undefined ? all : walk([top]));
  }, [all, tree, view, zoomed]);
  const lines = useMemo(() => flatten(tree.roots, folded), [tree, folded]);
  const found = useMemo(() => (text.trim() === "" ? null : find(tree, text)), [tree, text]);

  const onFold = useCallback((stepId: string, fold?: boolean) => {
    setFolded((before) => {
      const after = new Set(before);
      if (fold ?? !before.has(stepId)) after.add(stepId);
      else after.delete(stepId);
      return after;
    });
  }, []);
  const show = useCallback(
    (node: Node) => {
      setFolded((before) => revealing(before, node));
      select(node.id);
    },
    [select],
  );
  /** The next node that `wanted` holds for, from the selected one on, in either direction. */
  const jump = useCallback(
    (step: 1 | -1, wanted: (node: Node) => boolean, around = false) => {
      const from = current();
      const at = all.findIndex((node) => node.id === from);
      for (let index = at + step; index >= 0 && index < all.length; index += step) {
        const node = all[index];
        if (node !== undefined && wanted(node)) return show(node);
      }
      const again = around ? (step === 1 ? all.find(wanted) : all.findLast(wanted)) : undefined;
      if (again !== undefined) show(again);
    },
    [all, current, show],
  );
  const focusTree = useCallback(() => document.getElementById("step-tree")?.focus({ preventScroll: true }), []);
  const focusPanel = useCallback(() => panel.current?.focus(), []);

  useShortcuts(
    useMemo<Shortcut[]>(() => {
      const generation = (node: Node) => node.row !== null && node.row.generation !== null;
      const error = (node: Node) => node.row !== null && node.row.error !== null;
      return [
        { key: "]", about: "Next generation", run: () => jump(1, generation) },
        { key: "[", about: "Previous generation", run: () => jump(-1, generation) },
        { key: "e", about: "Next error", run: () => jump(1, error, true) },
        { key: "E", about: "Previous error", run: () => jump(-1, error, true) },
        {
          key: "z",
          about: "Zoom the waterfall to the step, and back",
          run: () => setZoomed((before) => (before === null ? current() : null)),
        },
        { key: "/", about: "Search in the trace", run: () => field.current?.focus() },
        {
          key: "v",
          about: "Next view: conversation, tree, waterfall",
          run: () => setView(VIEWS[(VIEWS.indexOf(view) + 1) % VIEWS.length] ?? "tree"),
        },
        {
          key: "Escape",
          about: "From the step to the tree, then back",
          run: () => {
            if (panel.current?.contains(document.activeElement)) focusTree();
            else if (router.history.canGoBack()) router.history.back();
            else void router.navigate({ to: `/p/$project/${kind}`, params: { project } });
          },
        },
      ];
    }, [jump, view, setView, current, focusTree, router, kind, project]),
  );
  useEffect(() => {
    // The arrow keys walk at once, unless the reader has begun to do something else.
    const { activeElement } = document;
    if (view !== "conversation" && (activeElement === document.body || activeElement?.id === "main")) focusTree();
  }, [view, focusTree]);

  const shown = useRested(selected, PANEL_REST);
  usePrefetched(lines, useRested(selected, PREFETCH_REST));
  const row = shown === null ? null : (tree.nodes.get(shown)?.row ?? null);
  const known = shown !== null && tree.nodes.has(shown);
  const [lastKnown, setLastKnown] = useState<string | null>(null);
  if (known && shown !== lastKnown) setLastKnown(shown);
  // What is deleted while it is read stays in sight: the panel says so.
  const deleted = !known && shown !== null && shown === lastKnown;
  const matches = useMemo(() => (found === null ? [] : all.filter((node) => found.has(node.id))), [all, found]);

  return (
    <>
      <div className="trace-tools">
        {/* biome-ignore lint/a11y/useSemanticElements: a fieldset would be drawn and spoken as a form */}
        <div className="views" role="group" aria-label="View">
          {VIEWS.map((name) => (
            <Button key={name} look="plain" aria-pressed={view === name} onClick={() => setView(name)}>
              {NAMES[name]}
            </Button>
          ))}
        </div>
        {view !== "conversation" && (
          <>
            <Button look="plain" onClick={() => setFolded(NONE)}>
              Unfold all
            </Button>
            <Button look="plain" onClick={() => setFolded(foldable(all))}>
              Fold all
            </Button>
            {axis !== null && (
              <Button
                look="plain"
                aria-pressed={zoomed !== null}
                title="Zoom the waterfall to the selected step (z)"
                onClick={() => setZoomed((before) => (before === null ? current() : null))}
              >
                Zoom
              </Button>
            )}
            <SearchBox
              field={field}
              text={text}
              found={matches.length}
              at={1 + matches.findIndex((node) => node.id === selected)}
              onText={setText}
              onGo={(step) => found !== null && jump(step, (node) => found.has(node.id), true)}
              onLeave={() => {
                setText("");
                focusTree();
              }}
            />
          </>
        )}
      </div>
      {view === "conversation" ? (
        <Conversation
          tree={tree}
          onOpen={(node) => {
            setView("tree");
            show(node);
          }}
        />
      ) : (
        <div className="trace-panes">
          <div
            className={axis === null ? "trace-list" : "trace-list trace-list-waterfall"}
            style={{ "--tree-width": `${treeWidth}px` } as React.CSSProperties}
          >
            <StepTree
              lines={lines}
              axis={axis}
              treeWidth={axis === null ? Number.POSITIVE_INFINITY : treeWidth}
              selected={selected}
              found={found}
              scroller={scroller}
              onSelect={select}
              onFold={onFold}
              onEnter={focusPanel}
            />
            {axis !== null && <Splitter name="tree" width={treeWidth} least={220} most={900} onWidth={setTreeWidth} />}
          </div>
          <Splitter name="step" width={panelWidth} least={300} most={1000} right onWidth={setPanelWidth} />
          <section
            className="trace-panel"
            id="step-panel"
            ref={panel}
            tabIndex={-1}
            aria-label="Step"
            style={{ width: `${panelWidth}px` }}
          >
            {shown !== null && (row !== null || deleted) && <StepPanel id={shown} />}
            {known && row === null && (
              <p className="trace-absent muted">
                This step was named by those below it and has not arrived: it is still in flight, or it was never sent.
              </p>
            )}
            {!known && !deleted && (
              <p className="trace-absent muted">
                {shown === null ? "There are no steps here yet." : "There is no such step in this trace."}
              </p>
            )}
          </section>
        </div>
      )}
    </>
  );
}

/** Reads the neighbours of the step that the selection rests on. */
function usePrefetched(lines: readonly Line[], resting: string | null): void {
  const prefetch = usePrefetchStep();
  const around = useRef(lines);
  useEffect(() => {
    around.current = lines;
  }, [lines]);
  useEffect(() => {
    const at = around.current.findIndex(({ node }) => node.id === resting);
    if (at < 0) return;
    for (const line of [around.current[at + 1], around.current[at - 1]]) {
      if (line !== undefined && line.node.row !== null) prefetch(line.node.id);
    }
  }, [resting, prefetch]);
}

/** What can be folded but the roots: folded to these, a trace shows its outline. */
function foldable(all: readonly Node[]): ReadonlySet<string> {
  return new Set(all.filter((node) => node.children.length > 0 && node.parent !== null).map((node) => node.id));
}
