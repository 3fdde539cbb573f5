import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type RefObject, useCallback, useEffect, useMemo, useRef } from "react";
import { AxisHead, gridOf } from "./AxisHead";
import type { Axis } from "./axis";
import type { Line } from "./flatten";
import { rowId, TreeRow } from "./TreeRow";
import "./waterfall.css";

interface Props {
  lines: readonly Line[];
  /** Null where there is no waterfall. */
  axis: Axis | null;
  /** Pixels of the tree; the waterfall has the rest. */
  treeWidth: number;
  selected: string | null;
  /** Null where nothing is searched. */
  found: ReadonlySet<string> | null;
  scroller: RefObject<HTMLDivElement | null>;
  onSelect: (id: string) => void;
  onFold: (id: string, fold?: boolean) => void;
  onEnter: () => void;
}

/** Rows drawn beyond the edges, so that a fast wheel finds them there. */
const OVERSCAN = 12;

/** The tree and the waterfall: one list of rows, of which only those in sight exist, with one scroll position. */
export function StepTree(props: Props) {
  const { lines, axis, treeWidth, selected, found, scroller, onSelect, onFold } = props;
  const height = useMemo(rowHeight, []);
  const list = useVirtualizer({
    count: lines.length,
    getScrollElement: useCallback(() => scroller.current, [scroller]),
    estimateSize: useCallback(() => height, [height]),
    overscan: OVERSCAN,
    // All keys are asked for again whenever this is another function.
    getItemKey: useCallback((index: number) => lines[index]?.node.id ?? index, [lines]),
  });
  const grid = useMemo(() => (axis === null ? "none" : gridOf(axis)), [axis]);
  const at = useMemo(() => lines.findIndex(({ node }) => node.id === selected), [lines, selected]);
  const shown = useRef<string | null>(null);
  useEffect(() => {
    // Only a new selection is scrolled to: data that arrives must not move what is being read.
    if (at < 0 || shown.current === selected) return;
    shown.current = selected;
    list.scrollToIndex(at, { align: "auto" });
  }, [at, selected, list]);
  const fold = useCallback((id: string) => onFold(id), [onFold]);
  const items = list.getVirtualItems();
  const inSight = items.some(({ index }) => index === at);
  return (
    <div
      className={`tree-list ${widthClass(treeWidth)}`}
      style={{ "--grid": grid } as React.CSSProperties}
      ref={scroller}
    >
      <div className="tree-head">
        <div className="tree-head-step" aria-hidden>
          <span>Step</span>
          <span className="row-space" />
          <span className="row-tokens">Tokens</span>
          <span className="row-cost">Cost</span>
          <span className="row-duration">Duration</span>
          <span className="row-share" />
        </div>
        {axis !== null && <AxisHead axis={axis} />}
      </div>
      <div
        className="tree"
        role="tree"
        aria-label="Steps"
        tabIndex={0}
        id="step-tree"
        style={{ height: `${list.getTotalSize()}px` }}
        {...(inSight && selected !== null ? { "aria-activedescendant": rowId(selected) } : {})}
        onKeyDown={(event) => walkBy(event, props, at)}
      >
        {items.map(({ index, key, start }) => {
          const line = lines[index];
          return (
            line !== undefined && (
              <TreeRow
                key={key}
                line={line}
                top={start}
                axis={axis}
                selected={line.node.id === selected}
                found={found === null ? null : found.has(line.node.id)}
                onSelect={onSelect}
                onFold={fold}
              />
            )
          );
        })}
      </div>
    </div>
  );
}

/** What the keys of a tree do (WAI-ARIA practices, tree view). */
function walkBy(event: KeyboardEvent, { lines, onSelect, onFold, onEnter }: Props, at: number): void {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const line = lines[at];
  const go = (index: number) => {
    const next = lines[Math.max(0, Math.min(lines.length - 1, index))];
    if (next !== undefined) onSelect(next.node.id);
  };
  const page = Math.max(1, Math.floor(event.currentTarget.parentElement?.clientHeight ?? 0) / rowHeight() - 2);
  const keys: Record<string, () => void> = {
    ArrowDown: () => go(at + 1),
    ArrowUp: () => go(at - 1),
    Home: () => go(0),
    End: () => go(lines.length - 1),
    PageDown: () => go(at + Math.floor(page)),
    PageUp: () => go(at - Math.floor(page)),
    Enter: onEnter,
    ArrowRight: () => {
      if (line === undefined) go(0);
      else if (line.folded) onFold(line.node.id, false);
      else if (line.node.children.length > 0) go(at + 1);
    },
    ArrowLeft: () => {
      if (line === undefined) return;
      if (line.node.children.length > 0 && !line.folded) onFold(line.node.id, true);
      else if (line.node.parent !== null) onSelect(line.node.parent.id);
    },
  };
  const run = keys[event.key];
  if (run === undefined) return;
  event.preventDefault();
  run();
}

/** The height that the density gives rows. */
function rowHeight(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--row")) || 32;
}

/** What there is room for: costs go first, then tokens. */
function widthClass(treeWidth: number): string {
  if (treeWidth < 330) return "tree-narrow tree-slim";
  return treeWidth < 430 ? "tree-narrow" : "";
}
