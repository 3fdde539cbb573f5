/** What the server says of a row, as `server/store/log_rows.py` writes it: previews of 200 characters, no payload. */

export interface Mean {
  name: string;
  value: number | null;
  count: number;
}

export interface Totals {
  stepCount: number;
  generationCount: number;
  errorCount: number;
  inputTokenCount: number | null;
  outputTokenCount: number | null;
  tokenCount: number | null;
  cost: number | null;
  /** Seconds. */
  duration: number | null;
}

export interface Generation {
  type: string;
  provider: string | null;
  model: string | null;
  inputTokenCount: number | null;
  outputTokenCount: number | null;
  tokenCount: number | null;
  tokenCountEstimated: boolean;
  /** Milliseconds. */
  ttFirstToken: number | null;
  /** Seconds. */
  duration: number | null;
  tokenThroughputInSeconds: number | null;
  cost: number | null;
}

export interface ThreadRow {
  id: string;
  name: string | null;
  environment: string | null;
  createdAt: string;
  lastEngaged: string;
  user: string | null;
  tags: string[];
  totals: Totals;
  inputPreview: string | null;
  outputPreview: string | null;
  /** Null where the thread is so long that its scores are not looked up for a list. */
  scores: Mean[] | null;
}

/** A step, a run or a generation. */
export interface StepRow {
  id: string;
  name: string | null;
  type: string | null;
  threadId: string | null;
  parentId: string | null;
  rootRunId: string | null;
  environment: string | null;
  error: string | null;
  startTime: string | null;
  endTime: string | null;
  createdAt: string;
  tags: string[];
  inputPreview: string | null;
  outputPreview: string | null;
  generation: Generation | null;
  totals: Totals | null;
  user: string | null;
  prompt: { name: string; version: number } | null;
  scores: Mean[];
  attachmentCount: number;
}

export interface ScoreRow {
  id: string;
  name: string;
  type: string;
  value: number | null;
  label: string | null;
  comment: string | null;
  scorer: string | null;
  createdBy: string | null;
  createdAt: string;
  updatedAt: string;
  tags: string[];
  stepId: string | null;
  threadId: string | null;
  user: string | null;
  step: { id: string; name: string | null; type: string | null } | null;
}

export interface UserRow {
  id: string;
  identifier: string;
  createdAt: string;
  lastEngaged: string | null;
  threadCount: number;
  tokenCount: number;
}

/** The lists, and what a row of each is. */
export interface Rows {
  threads: ThreadRow;
  runs: StepRow;
  generations: StepRow;
  steps: StepRow;
  scores: ScoreRow;
  users: UserRow;
}

export type Kind = keyof Rows;
export type AnyRow = Rows[Kind];

export interface Page<Row extends AnyRow = AnyRow> {
  rows: Row[];
  pageInfo: { endCursor: string | null; hasNextPage: boolean; cut: boolean; scannedUntil: string | null };
}

/** Seconds from start to end, null while a step has no end. */
export function lasted({ startTime, endTime }: StepRow): number | null {
  if (startTime === null || endTime === null) return null;
  return Math.max(0, (Date.parse(endTime) - Date.parse(startTime)) / 1_000);
}
