import { memo } from "react";
import { cost, count, duration, shortId } from "../parts/format";
import { Glyph } from "../parts/Glyph";
import { StepGlyph } from "../parts/StepGlyph";
import { stepName } from "../parts/stepName";
import { type Axis, overlaps, place } from "./axis";
import type { Line } from "./flatten";
import type { Row } from "./rows";
import { type Node, share } from "./tree";

/** Levels that are drawn as indentation; a tree may be a thousand deep. */
const MOST_INDENT = 16;
const NOTES = {
  missing: "not arrived yet",
  cycle: "its parents form a cycle",
  skew: "its times contradict those of its parent",
} as const;

interface Props {
  line: Line;
  /** Pixels from the top of the list. */
  top: number;
  axis: Axis | null;
  selected: boolean;
  /** Null where nothing is searched. */
  found: boolean | null;
  onSelect: (id: string) => void;
  onFold: (id: string) => void;
}

/** The id that the row of a step has in the page, for `aria-activedescendant`. */
export function rowId(stepId: string): string {
  return `row-${encodeURIComponent(stepId)}`;
}

/** A line of the tree with its bar. */
export const TreeRow = memo(function TreeRow({ line, top, axis, selected, found, onSelect, onFold }: Props) {
  const { node, level, position, siblings, folded } = line;
  const { row } = node;
  const parent = node.children.length > 0;
  const name = row === null ? `step ${shortId(node.id)}` : stepName(row);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree around hears the keys, its rows have no focus of their own
    // biome-ignore lint/a11y/useFocusableInteractive: as above, by aria-activedescendant
    <div
      id={rowId(node.id)}
      role="treeitem"
      className={classOf(node, found)}
      style={{ transform: `translateY(${top}px)` }}
      aria-level={level}
      aria-posinset={position}
      aria-setsize={siblings}
      aria-selected={selected}
      {...(parent ? { "aria-expanded": !folded } : {})}
      onClick={() => onSelect(node.id)}
    >
      <div className="row-step">
        <span className="row-indent" style={{ width: `${14 * Math.min(level - 1, MOST_INDENT)}px` }} />
        {parent ? (
          <span
            className="row-fold"
            aria-hidden
            onClick={(event) => {
              event.stopPropagation();
              onFold(node.id);
            }}
          >
            <Glyph name={folded ? "fold" : "unfold"} />
          </span>
        ) : (
          <span className="row-fold" />
        )}
        <StepGlyph type={row?.type ?? null} label={row?.type?.replaceAll("_", " ") ?? "step"} />
        <span className="row-name" dir="auto" title={name}>
          {name}
        </span>
        {level > MOST_INDENT + 1 && <span className="row-note">level {level}</span>}
        <Notes node={node} folded={folded} />
        {row !== null && row.model !== null && row.model !== name && <span className="row-model">{row.model}</span>}
        <span className="row-preview" aria-hidden dir="auto">
          {axis === null && (row?.output ?? row?.input)}
        </span>
        <Figures row={row} />
        <span className="row-duration">{node.state === "done" ? duration(node.duration) : "…"}</span>
        <Share node={node} />
      </div>
      {axis !== null && (
        <div className="row-bar">
          <Bar node={node} axis={axis} />
        </div>
      )}
    </div>
  );
});

function Notes({ node, folded }: { node: Node; folded: boolean }) {
  const { row, mark, state } = node;
  return (
    <>
      {folded && <span className="row-note">{count(node.children.length)}</span>}
      {row?.error != null && (
        <span className="row-error" title={row.error}>
          <Glyph name="error" label="error" />
        </span>
      )}
      {mark !== null && <span className="row-note row-mark">{NOTES[mark]}</span>}
      {state === "in flight" && mark !== "missing" && <span className="row-note row-mark">in flight</span>}
      {state === "unfinished" && mark !== "missing" && <span className="row-note">no end</span>}
      {row?.scores != null && <span className="row-dot dot-score" title={scoresOf(row)} />}
      {row?.tags != null && <span className="row-dot dot-tag" title={row.tags.join(", ")} />}
    </>
  );
}

function Figures({ row }: { row: Row | null }) {
  return (
    <>
      <span className="row-tokens">{row?.tokens != null && tokensOf(row)}</span>
      <span className="row-cost">{row?.cost != null && cost(row.cost)}</span>
    </>
  );
}

function tokensOf({ tokens, inputTokens, outputTokens, estimated }: Row): string {
  const said = inputTokens === null && outputTokens === null;
  return (estimated === 1 ? "≈" : "") + (said ? count(tokens) : `${count(inputTokens)} → ${count(outputTokens)}`);
}

function Share({ node }: { node: Node }) {
  const part = share(node);
  return <span className="row-share">{part === null || part < 0.005 ? "" : `${Math.round(part * 100)} %`}</span>;
}

function Bar({ node, axis }: { node: Node; axis: Axis }) {
  const [from, to] = [Math.min(node.begin, node.end), Math.max(node.begin, node.end)];
  if (!Number.isFinite(from) || !overlaps(axis, from, to)) return null;
  const left = place(axis, from);
  const right = place(axis, to);
  const first = node.row?.firstToken ?? null;
  const token = first === null ? null : place(axis, node.begin + first * 1_000);
  return (
    <>
      <span
        className={`extent extent-${kindOf(node.row)}${node.state === "done" ? "" : " extent-open"}${node.mark === "skew" ? " extent-skew" : ""}`}
        style={{ left: `${100 * left}%`, width: `${100 * (right - left)}%` }}
      />
      {token !== null && token <= right && <span className="extent-token" style={{ left: `${100 * token}%` }} />}
    </>
  );
}

function kindOf(row: Row | null): string {
  const type = row?.type ?? "undefined";
  return type.endsWith("_message") ? "message" : type;
}

function classOf(node: Node, found: boolean | null): string {
  const classes = ["row"];
  if (node.state === "in flight") classes.push("row-in-flight");
  if (node.row === null) classes.push("row-missing");
  if (found !== null) classes.push(found ? "row-found" : "row-passed");
  return classes.join(" ");
}

function scoresOf(row: Row): string {
  return (row.scores ?? []).map(([name, value, label]) => `${name ?? "score"}: ${label ?? value ?? "–"}`).join(", ");
}
