import type { Row, Trace } from "./rows";

/** A row for tests: what is not given is absent. Times are seconds. */
export function row(
  id: string,
  parent: string | null = null,
  from = 0,
  to: number | null = from,
  more: Partial<Row> = {},
): Row {
  return {
    id,
    parent,
    rootRun: null,
    type: "tool",
    name: id,
    start: from * 1e6,
    end: to === null ? null : to * 1e6,
    time: from * 1e6,
    generation: null,
    model: null,
    inputTokens: null,
    outputTokens: null,
    tokens: null,
    estimated: null,
    cost: null,
    firstToken: null,
    error: null,
    environment: null,
    input: null,
    output: null,
    waitsFor: null,
    tags: null,
    scores: null,
    ...more,
  };
}

/** A trace for tests, read at `readAt` seconds. */
export function trace(rows: Row[], { missing = [] as string[], readAt = 0 } = {}): Trace {
  return { thread: null, root: rows[0]?.id ?? null, rows, missing, cut: false, readAt: readAt * 1e6 };
}
