import { type ReactNode, useCallback, useMemo, useState } from "react";
import { Button } from "../parts/Button";
import { copy } from "../parts/Copy";
import { bytes } from "../parts/format";
import { Glyph } from "../parts/Glyph";
import { useKept } from "../parts/kept";
import { FullView } from "./FullView";
import { Highlighted } from "./Highlighted";
import { firstFolds, foldsBelow, isContainer, matches, type Node, nodesOf, unfoldedTo } from "./nodes";
import { plainOrQuoted, type Row, rowsOf, type Style } from "./rows";
import type { Json } from "./types";
import { VirtualRows } from "./VirtualRows";

const ROW_PIXELS = 18;
/** Levels whose indentation is still shown: at a thousand there would be nothing left to see. */
const DEEPEST_INDENT = 24;
/** Nodes from which on there is a search. */
const SEARCHED_FROM = 8;

interface Props {
  title: string;
  value: Json;
  /** Within the full screen there is no way to a fuller one. */
  isFull?: boolean;
  /** Within a message: the bar lies over the value until it is wanted. */
  isInline?: boolean;
}

/** Any value as YAML or JSON: folded by depth, searched, copied, over the whole screen. */
export function ValueView({ title, value, isFull = false, isInline = false }: Props) {
  const [style, setStyle] = useKept<Style>("value.style", "yaml");
  const nodes = useMemo(() => nodesOf(value), [value]);
  const [state, setState] = useState(() => ({ nodes, folded: firstFolds(nodes), whole: new Set<number>() }));
  const [wanted, setWanted] = useState("");
  const [at, setAt] = useState(0);
  const [full, setFull] = useState(false);
  // Another value: what was folded in the one before means nothing.
  const { folded, whole } = state.nodes === nodes ? state : { folded: firstFolds(nodes), whole: new Set<number>() };
  const found = useMemo(() => matches(nodes, wanted), [nodes, wanted]);
  const rows = useMemo(() => rowsOf(nodes, folded, whole, style), [nodes, folded, whole, style]);
  const current = found[at];
  const active = current === undefined ? undefined : rows.findIndex((row) => row.place === current);
  const set = useCallback(
    (change: { folded?: Set<number>; whole?: Set<number> }) => setState({ nodes, folded, whole, ...change }),
    [nodes, folded, whole],
  );
  const goTo = (index: number, among: readonly number[] = found) => {
    const next = among.length === 0 ? 0 : (index + among.length) % among.length;
    setAt(next);
    const place = among[next];
    if (place !== undefined) set({ folded: unfoldedTo(nodes, folded, place), whole: new Set([...whole, place]) });
  };
  const toggle = (place: number) => {
    const next = new Set(folded);
    if (!next.delete(place)) next.add(place);
    set({ folded: next });
  };
  const canFold = nodes.some((node, place) => place > 0 && node.end > place + 1);
  return (
    <section className={isInline ? "value value-inline" : "value"} aria-label={title}>
      <div className="value-bar">
        <h3 className="value-title">{title}</h3>
        {nodes.length > SEARCHED_FROM && !isInline && (
          <Search
            wanted={wanted}
            count={found.length}
            at={at}
            onWanted={(next) => {
              setWanted(next);
              goTo(0, matches(nodes, next));
            }}
            onStep={(by) => goTo(at + by)}
          />
        )}
        <span className="value-space" />
        {canFold && (
          <Button look="plain" onClick={() => set({ folded: folded.size > 0 ? new Set() : foldsBelow(nodes, 1) })}>
            {folded.size > 0 ? "Unfold all" : "Fold all"}
          </Button>
        )}
        <Button
          look="plain"
          aria-label={`Written as ${style.toUpperCase()}`}
          onClick={() => setStyle(style === "yaml" ? "json" : "yaml")}
        >
          {style === "yaml" ? "YAML" : "JSON"}
        </Button>
        <Button look="plain" aria-label={`Copy ${title}`} onClick={() => void copyValue(value, style, title)}>
          <Glyph name="copy" />
        </Button>
        {!isFull && (
          <Button look="plain" aria-label={`${title} over the whole screen`} onClick={() => setFull(true)}>
            <Glyph name="rail" />
          </Button>
        )}
      </div>
      <VirtualRows
        className="value-rows"
        label={title}
        count={rows.length}
        estimate={ROW_PIXELS}
        active={active}
        render={(index) => {
          const row = rows[index];
          const node = row && nodes[row.place];
          if (row === undefined || node === undefined) return null;
          return (
            <ValueRow
              row={row}
              node={node}
              style={style}
              isFolded={folded.has(row.place)}
              isCurrent={row.place === current}
              wanted={wanted}
              onToggle={() => toggle(row.place)}
              onWhole={() => set({ whole: new Set([...whole, row.place]) })}
            />
          );
        }}
      />
      {full && (
        <FullView title={title} onClose={() => setFull(false)}>
          <ValueView title={title} value={value} isFull />
        </FullView>
      )}
    </section>
  );
}

async function copyValue(value: Json, style: Style, title: string): Promise<void> {
  const text =
    typeof value === "string"
      ? value
      : style === "json"
        ? JSON.stringify(value, null, 2)
        : (await import("yaml")).stringify(value, { lineWidth: 0 });
  await copy(text, title);
}

interface SearchProps {
  wanted: string;
  count: number;
  at: number;
  onWanted: (wanted: string) => void;
  onStep: (by: number) => void;
}

function Search({ wanted, count, at, onWanted, onStep }: SearchProps) {
  return (
    <span className="value-search">
      <input
        className="input"
        type="search"
        placeholder="Search"
        aria-label="Search in this value"
        value={wanted}
        onChange={(event) => onWanted(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") onStep(event.shiftKey ? -1 : 1);
        }}
      />
      <span className="muted" role="status">
        {wanted === "" ? "" : count === 0 ? "none" : `${at + 1} of ${count}`}
      </span>
    </span>
  );
}

interface RowProps {
  row: Row;
  node: Node;
  style: Style;
  isFolded: boolean;
  isCurrent: boolean;
  wanted: string;
  onToggle: () => void;
  onWhole: () => void;
}

function ValueRow({ row, node, style, isFolded, isCurrent, wanted, onToggle, onWhole }: RowProps) {
  const outer = style === "yaml" ? 1 : 0;
  const depth = Math.max(0, node.depth - outer) + (row.kind === "line" || row.kind === "more" ? 1 : 0);
  const indent = { paddingInlineStart: `${Math.min(depth, DEEPEST_INDENT) * 14 + 16}px` };
  const className = isCurrent && row.kind === "node" ? "value-row value-row-current" : "value-row";
  if (row.kind === "more") {
    return (
      <div className={className} style={indent}>
        <Button look="plain" className="value-more" onClick={onWhole}>
          Show all ({bytes(row.size)})
        </Button>
      </div>
    );
  }
  if (row.kind !== "node") {
    return (
      <div className={className} style={indent} dir={row.kind === "line" ? "auto" : undefined}>
        {row.kind === "close" ? (
          <span className="value-mark">{row.text}</span>
        ) : (
          <Highlighted text={row.text} wanted={wanted} />
        )}
      </div>
    );
  }
  const canFold = isContainer(node.value) && row.text !== "[]" && row.text !== "{}";
  return (
    <div className={className} style={indent}>
      {canFold && (
        <button
          type="button"
          className="value-fold"
          aria-expanded={!isFolded}
          aria-label={`${isFolded ? "Unfold" : "Fold"} ${node.label ?? "all"}`}
          onClick={onToggle}
        >
          <Glyph name={isFolded ? "fold" : "unfold"} />
        </button>
      )}
      <Label node={node} style={style} wanted={wanted} />
      <span className={`value-${kindOf(node.value)}`} dir="auto">
        <Highlighted text={row.text} wanted={wanted} />
      </span>
    </div>
  );
}

function Label({ node, style, wanted }: { node: Node; style: Style; wanted: string }): ReactNode {
  if (node.label === null) return null;
  if (typeof node.label === "number") return style === "yaml" ? <span className="value-mark">- </span> : null;
  return (
    <>
      <span className="value-key">
        <Highlighted text={style === "json" ? JSON.stringify(node.label) : plainOrQuoted(node.label)} wanted={wanted} />
      </span>
      <span className="value-mark">: </span>
    </>
  );
}

function kindOf(value: Json): string {
  return value === null ? "null" : isContainer(value) ? "container" : typeof value;
}
