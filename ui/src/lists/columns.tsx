import type { ReactNode } from "react";
import { cost, count, duration, shortId } from "../parts/format";
import { StepGlyph } from "../parts/StepGlyph";
import { stepName } from "../parts/stepName";
import { Time } from "../parts/Time";
import { Errors, GenerationTokens, Preview, rounded, Scores, Tags, TotalTokens } from "./cells";
import { type Kind, lasted, type Rows, type ScoreRow, type StepRow, type ThreadRow, type UserRow } from "./rows";

/** One column of a list. */
export interface Column<Row> {
  id: string;
  name: string;
  /** Pixels. */
  size: number;
  cell: (row: Row) => ReactNode;
  /** The column of the server's order, where an index orders the list by it. */
  order?: string;
  /** Figures stand at the right. */
  figures?: boolean;
  /** Takes what is left of the width. */
  wide?: boolean;
  /** Shown only when it is chosen. */
  hidden?: boolean;
  /** The cell that holds the row's link. */
  link?: boolean;
}

const previews: Column<StepRow | ThreadRow>[] = [
  { id: "input", name: "Input", size: 150, wide: true, cell: (row) => <Preview text={row.inputPreview} /> },
  { id: "output", name: "Output", size: 150, wide: true, cell: (row) => <Preview text={row.outputPreview} /> },
];
const annotations: Column<StepRow | ThreadRow>[] = [
  { id: "scores", name: "Scores", size: 120, cell: (row) => <Scores means={row.scores} /> },
  { id: "tags", name: "Tags", size: 110, cell: (row) => <Tags names={row.tags} /> },
];
const surroundings: Column<StepRow | ThreadRow>[] = [
  { id: "user", name: "User", size: 100, cell: ({ user }) => <Text text={user} /> },
  { id: "environment", name: "Environment", size: 90, hidden: true, cell: (row) => <Text text={row.environment} /> },
  { id: "id", name: "Id", size: 90, hidden: true, cell: ({ id }) => <Id id={id} /> },
];

const threads: Column<ThreadRow>[] = [
  { id: "time", name: "Created", size: 84, order: "createdAt", cell: (row) => <Time value={row.createdAt} /> },
  // Not by its id: that says nothing to anybody (P-LOG-09).
  { id: "name", name: "Name", size: 160, order: "name", link: true, cell: (row) => row.name || "N/A" },
  ...previews,
  { id: "engaged", name: "Last active", size: 84, hidden: true, cell: (row) => <Time value={row.lastEngaged} /> },
  {
    id: "duration",
    name: "Duration",
    size: 76,
    order: "duration",
    figures: true,
    cell: ({ totals }) => duration(totals.duration),
  },
  {
    id: "tokens",
    name: "Tokens",
    size: 76,
    order: "tokenCount",
    figures: true,
    cell: ({ totals }) => <TotalTokens totals={totals} />,
  },
  { id: "cost", name: "Cost", size: 76, figures: true, cell: ({ totals }) => cost(totals.cost) },
  { id: "steps", name: "Steps", size: 56, figures: true, cell: ({ totals }) => count(totals.stepCount) },
  { id: "errors", name: "Errors", size: 60, cell: ({ totals }) => <Errors number={totals.errorCount} /> },
  ...annotations,
  ...surroundings,
];

const runs: Column<StepRow>[] = [
  {
    id: "time",
    name: "Start",
    size: 84,
    order: "startTime",
    cell: (row) => <Time value={row.startTime ?? row.createdAt} />,
  },
  { id: "name", name: "Name", size: 150, link: true, cell: (row) => <Named row={row} /> },
  ...previews,
  { id: "duration", name: "Duration", size: 76, figures: true, cell: (row) => <Lasted row={row} /> },
  { id: "tokens", name: "Tokens", size: 76, figures: true, cell: ({ totals }) => <TotalTokens totals={totals} /> },
  { id: "cost", name: "Cost", size: 76, figures: true, cell: ({ totals }) => cost(totals?.cost) },
  { id: "steps", name: "Steps", size: 56, figures: true, cell: ({ totals }) => count(totals?.stepCount) },
  {
    id: "errors",
    name: "Errors",
    size: 60,
    cell: ({ totals, error }) => <Errors number={totals?.errorCount ?? 0} text={error} />,
  },
  ...annotations,
  ...surroundings,
];

const generations: Column<StepRow>[] = [
  {
    id: "time",
    name: "Start",
    size: 84,
    order: "startTime",
    cell: (row) => <Time value={row.startTime ?? row.createdAt} />,
  },
  { id: "name", name: "Name", size: 150, link: true, cell: (row) => <Named row={row} /> },
  {
    id: "model",
    name: "Model",
    size: 110,
    cell: ({ generation }) => <Text text={generation?.model ?? null} />,
  },
  {
    id: "provider",
    name: "Provider",
    size: 90,
    hidden: true,
    cell: ({ generation }) => <Text text={generation?.provider ?? null} />,
  },
  { id: "input", name: "Last message", size: 160, wide: true, cell: (row) => <Preview text={row.inputPreview} /> },
  {
    id: "output",
    name: "Answer and tool calls",
    size: 160,
    wide: true,
    cell: (row) => <Preview text={row.outputPreview} />,
  },
  { id: "error", name: "Error", size: 52, cell: (row) => <Errors text={row.error} /> },
  {
    id: "tokens",
    name: "Tokens",
    size: 64,
    order: "tokenCount",
    figures: true,
    cell: ({ generation }) => <GenerationTokens generation={generation} />,
  },
  { id: "cost", name: "Cost", size: 76, figures: true, cell: ({ generation }) => cost(generation?.cost) },
  {
    id: "duration",
    name: "Duration",
    size: 76,
    figures: true,
    cell: (row) => duration(row.generation?.duration ?? lasted(row)),
  },
  {
    id: "first",
    name: "First token",
    size: 78,
    figures: true,
    cell: ({ generation }) => duration(seconds(generation?.ttFirstToken)),
  },
  {
    id: "throughput",
    name: "Tokens/s",
    size: 76,
    figures: true,
    hidden: true,
    cell: ({ generation }) => count(whole(generation?.tokenThroughputInSeconds)),
  },
  {
    id: "prompt",
    name: "Prompt",
    size: 90,
    cell: ({ prompt }) => <Text text={prompt === null ? null : `${prompt.name} v${prompt.version}`} />,
  },
  ...annotations,
  ...surroundings.map((column) => ({ ...column, hidden: true })),
];

const steps: Column<StepRow>[] = [
  {
    id: "time",
    name: "Start",
    size: 84,
    order: "startTime",
    cell: (row) => <Time value={row.startTime ?? row.createdAt} />,
  },
  { id: "name", name: "Name", size: 150, link: true, cell: (row) => <Named row={row} /> },
  { id: "type", name: "Type", size: 110, cell: ({ type }) => <Text text={type} /> },
  {
    id: "model",
    name: "Model",
    size: 110,
    hidden: true,
    cell: ({ generation }) => <Text text={generation?.model ?? null} />,
  },
  ...previews,
  { id: "error", name: "Error", size: 52, cell: (row) => <Errors text={row.error} /> },
  { id: "duration", name: "Duration", size: 76, figures: true, cell: (row) => <Lasted row={row} /> },
  {
    id: "tokens",
    name: "Tokens",
    size: 76,
    figures: true,
    cell: (row) => <GenerationTokens generation={row.generation} />,
  },
  ...annotations,
  ...surroundings,
];

const scores: Column<ScoreRow>[] = [
  { id: "time", name: "Created", size: 84, order: "createdAt", cell: (row) => <Time value={row.createdAt} /> },
  { id: "name", name: "Name", size: 160, order: "name", link: true, cell: (row) => row.name },
  { id: "value", name: "Value", size: 80, order: "value", figures: true, cell: (row) => rounded(row.value) },
  { id: "label", name: "Label", size: 120, cell: (row) => <Text text={row.label} /> },
  { id: "type", name: "By", size: 80, cell: (row) => <Text text={SCORE_TYPES[row.type] ?? row.type} /> },
  { id: "comment", name: "Comment", size: 240, wide: true, cell: (row) => <Preview text={row.comment} /> },
  {
    id: "step",
    name: "Step",
    size: 180,
    cell: ({ step, stepId }) =>
      step === null ? (
        <Text text={stepId && shortId(stepId)} />
      ) : (
        <span className="named">
          <StepGlyph type={step.type} />
          <span className="cell-text">{stepName(step)}</span>
        </span>
      ),
  },
  { id: "scorer", name: "Scorer", size: 120, cell: (row) => <Text text={row.scorer ?? row.createdBy} /> },
  { id: "user", name: "User", size: 120, cell: (row) => <Text text={row.user} /> },
  { id: "tags", name: "Tags", size: 130, hidden: true, cell: (row) => <Tags names={row.tags} /> },
  { id: "id", name: "Id", size: 90, hidden: true, cell: ({ id }) => <Id id={id} /> },
];

const users: Column<UserRow>[] = [
  { id: "name", name: "User", size: 280, order: "identifier", link: true, wide: true, cell: (row) => row.identifier },
  {
    id: "engaged",
    name: "Last engaged",
    size: 140,
    order: "lastEngaged",
    cell: (row) => <Time value={row.lastEngaged} />,
  },
  {
    id: "threads",
    name: "Threads",
    size: 110,
    order: "threadCount",
    figures: true,
    cell: (row) => count(row.threadCount),
  },
  { id: "tokens", name: "Tokens", size: 130, order: "tokenCount", figures: true, cell: (row) => count(row.tokenCount) },
  { id: "time", name: "First seen", size: 140, order: "createdAt", cell: (row) => <Time value={row.createdAt} /> },
  { id: "id", name: "Id", size: 120, hidden: true, cell: ({ id }) => <Id id={id} /> },
];

/** The columns of each list, in their order. */
export const COLUMNS: { [List in Kind]: readonly Column<Rows[List]>[] } = {
  threads,
  runs,
  generations,
  steps,
  scores,
  users,
};

const SCORE_TYPES: Record<string, string> = { HUMAN: "Human", AI: "AI", CODE: "Code" };

function Text({ text }: { text: string | null }) {
  if (text === null || text === "") return <span className="muted">–</span>;
  return (
    <span className="cell-text" dir="auto" title={text}>
      {text}
    </span>
  );
}

function Id({ id }: { id: string }) {
  return (
    <code title={id} className="cell-text">
      {shortId(id)}
    </code>
  );
}

function Named({ row }: { row: StepRow }) {
  return (
    <span className="named">
      <StepGlyph type={row.type} label={row.type ?? "step"} />
      <span className="cell-text">{stepName({ ...row, model: row.generation?.model ?? null })}</span>
    </span>
  );
}

/** How long a step took; one that has no end yet is in flight. */
function Lasted({ row }: { row: StepRow }) {
  if (row.startTime !== null && row.endTime === null && row.error === null) {
    return (
      <span className="in-flight" title="It has no end yet">
        in flight
      </span>
    );
  }
  return duration(row.totals?.duration ?? lasted(row));
}

function seconds(milliseconds: number | null | undefined): number | null {
  return milliseconds === null || milliseconds === undefined ? null : milliseconds / 1_000;
}

function whole(value: number | null | undefined): number | null {
  return value === null || value === undefined ? null : Math.round(value);
}
