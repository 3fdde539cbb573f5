import { useMemo, useState } from "react";
import { cost, count, duration } from "../parts/format";
import { Glyph } from "../parts/Glyph";
import { StepGlyph } from "../parts/StepGlyph";
import { stepName } from "../parts/stepName";
import { Time } from "../parts/Time";
import { useStep } from "../step/query";
import { StepContent } from "../step/StepContent";
import { flatten } from "./flatten";
import type { Row } from "./rows";
import type { Node } from "./tree";
import type { Turn, Work } from "./turns";

/** Steps of a run that are listed in the conversation; the tree has them all. */
const MOST_LINES = 50;
const NONE: ReadonlySet<string> = new Set();
const SPEAKERS: Record<string, string> = {
  user_message: "User",
  assistant_message: "Assistant",
  system_message: "System",
};

/** A message, or the line of a run with what it was asked and answered. */
export function TurnView({ turn, onOpen }: { turn: Turn; onOpen: (node: Node) => void }) {
  if (turn.kind === "message") return <Message node={turn.node} onOpen={onOpen} />;
  return (
    <>
      {turn.asked !== null && <Said node={turn.asked} side="input" />}
      <WorkLine turn={turn} onOpen={onOpen} />
      {turn.answered !== null && <Said node={turn.answered} side="output" />}
    </>
  );
}

function Message({ node, onOpen }: { node: Node; onOpen: (node: Node) => void }) {
  const row = node.row as Row;
  const type = row.type ?? "assistant_message";
  const { data: step } = useStep(node.id);
  const side = row.output !== null || row.input === null ? "output" : "input";
  return (
    <article className={`said said-${type}`}>
      <header className="said-head">
        <StepGlyph type={type} />
        <strong>{SPEAKERS[type] ?? type}</strong>
        {row.name !== null && <span className="muted">{row.name}</span>}
        <span className="muted">
          <Time value={new Date(node.begin / 1_000).toISOString()} />
        </span>
        <button type="button" className="said-open" onClick={() => onOpen(node)}>
          Open
        </button>
      </header>
      {step === undefined ? <Preview text={row[side]} /> : <StepContent step={step} side={side} />}
    </article>
  );
}

/** What a step was asked or answered, where there are no messages. */
function Said({ node, side }: { node: Node; side: "input" | "output" }) {
  const row = node.row as Row;
  const { data: step } = useStep(node.id);
  return (
    <article className={`said said-${side === "input" ? "user_message" : "assistant_message"}`}>
      <header className="said-head">
        <StepGlyph type={side === "input" ? "user_message" : "assistant_message"} />
        <strong>{side === "input" ? "Input" : "Output"}</strong>
      </header>
      {step === undefined ? <Preview text={row[side]} /> : <StepContent step={step} side={side} />}
    </article>
  );
}

/** What is known of a content before it is read. */
function Preview({ text }: { text: string | null }) {
  return (
    <p className="said-preview muted" dir="auto">
      {text}
    </p>
  );
}

function WorkLine({ turn, onOpen }: { turn: Work; onOpen: (node: Node) => void }) {
  const { node, steps, generations } = turn;
  const { row } = node;
  const [open, setOpen] = useState(false);
  const facts = [
    node.state === "in flight" ? "in flight" : duration(node.duration),
    `${count(steps)} ${steps === 1 ? "step" : "steps"}`,
    ...(generations > 0 ? [`${count(generations)} ${generations === 1 ? "generation" : "generations"}`] : []),
  ];
  return (
    <div className="work">
      <div className={`work-line${node.state === "in flight" ? " row-in-flight" : ""}`}>
        <button type="button" className="work-fold" aria-expanded={open} onClick={() => setOpen(!open)}>
          <Glyph name={open ? "unfold" : "fold"} />
          <StepGlyph type={row?.type ?? null} />
          <span className="row-name" dir="auto">
            {row === null ? "a step that has not arrived yet" : stepName(row)}
          </span>
          {row?.error != null && <Glyph name="error" className="row-error" label="error" />}
          <span className="muted">{facts.join(" · ")}</span>
        </button>
        <button type="button" className="said-open" onClick={() => onOpen(node)}>
          Open
        </button>
      </div>
      {open && <Below node={node} onOpen={onOpen} />}
    </div>
  );
}

function Below({ node, onOpen }: { node: Node; onOpen: (node: Node) => void }) {
  const lines = useMemo(() => flatten([node], NONE), [node]);
  return (
    <ul className="work-steps">
      {lines.slice(0, MOST_LINES).map(({ node: below, level }) => (
        <li key={below.id}>
          <button type="button" className="work-step" onClick={() => onOpen(below)}>
            <span className="row-indent" style={{ width: `${14 * Math.min(level - 1, 12)}px` }} />
            <StepGlyph type={below.row?.type ?? null} />
            <span className="row-name" dir="auto">
              {below.row === null ? "a step that has not arrived yet" : stepName(below.row)}
            </span>
            {below.row?.error != null && <Glyph name="error" className="row-error" label="error" />}
            <span className="row-space" />
            {below.row?.cost != null && <span className="muted">{cost(below.row.cost)}</span>}
            <span className="row-duration">{duration(below.duration)}</span>
          </button>
        </li>
      ))}
      {lines.length > MOST_LINES && (
        <li>
          <button type="button" className="work-step" onClick={() => onOpen(node)}>
            All {count(lines.length)} steps in the tree
          </button>
        </li>
      )}
    </ul>
  );
}
