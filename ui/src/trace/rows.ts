/** A row of `GET /api/trace`, named as the columns of `server/store/trace.py`. Times are microseconds since 1970. */
export interface Row {
  id: string;
  parent: string | null;
  rootRun: string | null;
  type: string | null;
  name: string | null;
  start: number | null;
  end: number | null;
  /** The start, or the first insert where there is no start: what rows are ordered by. */
  time: number;
  generation: string | null;
  model: string | null;
  inputTokens: number | null;
  outputTokens: number | null;
  tokens: number | null;
  /** 1: the tokens are an estimate. */
  estimated: number | null;
  /** USD. */
  cost: number | null;
  /** Milliseconds from the start to the first token. */
  firstToken: number | null;
  error: string | null;
  environment: string | null;
  /** The first 200 characters. */
  input: string | null;
  output: string | null;
  /** Hex id of the span above, which has not arrived. */
  waitsFor: string | null;
  tags: string[] | null;
  scores: [name: string | null, value: number | null, label: string | null][] | null;
}

/** A thread as clients of GraphQL read it, without its steps. */
export interface Thread {
  id: string;
  name: string | null;
  metadata: Record<string, unknown>;
  tags: string[];
  environment: string | null;
  createdAt: string;
  participant: { id: string; identifier: string; metadata: Record<string, unknown> } | null;
}

/** The answer as it comes: rows are lists, in the order of `columns`. */
export interface TraceAnswer {
  columns: string[];
  thread: Thread | null;
  root: string | null;
  rows: unknown[][];
  missing: string[];
  cut: boolean;
}

export interface Trace {
  thread: Thread | null;
  /** Id of the topmost step of a run's trace, null for a thread. */
  root: string | null;
  rows: Row[];
  /** Ids that rows name as parent or root run and that have not arrived. */
  missing: string[];
  /** There are more rows than the server sends. */
  cut: boolean;
  /** When the page read it, in microseconds: where bars of what is in flight end. */
  readAt: number;
}

/** The answer with its rows as objects. */
export function traceOf(answer: TraceAnswer, readAt: number): Trace {
  const { columns, thread, root, missing, cut } = answer;
  return { thread, root, missing, cut, readAt, rows: answer.rows.map((values) => rowOf(columns, values)) };
}

/**
 * The trace with `changed` in the place of its older self, for the steps that were asked for by id: one of them that is
 * not in `changed` was deleted. Null where a row came to stand elsewhere, so that the whole has to be read again.
 */
export function merged(trace: Trace, asked: readonly string[], changed: Trace): Trace | null {
  const fresh = new Map(changed.rows.map((row) => [row.id, row]));
  const wanted = new Set(asked);
  const rows: Row[] = [];
  for (const row of trace.rows) {
    if (!wanted.has(row.id)) {
      rows.push(row);
      continue;
    }
    const now = fresh.get(row.id);
    fresh.delete(row.id);
    if (now === undefined) continue;
    // A step that found its parent takes along what is below it.
    if (now.rootRun !== row.rootRun) return null;
    rows.push(now);
  }
  // A step that others waited for by its span changed those too, and nobody named them.
  if (fresh.size > 0 && rows.some((row) => row.waitsFor !== null)) return null;
  for (const row of fresh.values()) rows.push(row);
  rows.sort((one, other) => one.time - other.time);
  const known = new Set(rows.map((row) => row.id));
  const missing = [...new Set([...trace.missing, ...changed.missing])].filter((id) => !known.has(id));
  return { ...trace, thread: changed.thread ?? trace.thread, rows, missing, readAt: changed.readAt };
}

function rowOf(columns: readonly string[], values: readonly unknown[]): Row {
  const row: Record<string, unknown> = {};
  for (let place = 0; place < columns.length; place += 1) {
    const name = columns[place];
    if (name !== undefined) row[name] = values[place];
  }
  return row as unknown as Row;
}
