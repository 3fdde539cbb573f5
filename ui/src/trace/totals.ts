import type { Tree } from "./tree";

/** What a trace's head says; sums that no step gave a value to are null. */
export interface Totals {
  steps: number;
  generations: number;
  errors: number;
  inputTokens: number | null;
  outputTokens: number | null;
  tokens: number | null;
  /** A part of the tokens is an estimate. */
  estimated: boolean;
  cost: number | null;
  /** Seconds: the sum over the roots, as the server counts a thread's. */
  duration: number | null;
  inFlight: boolean;
}

/** The sums over a tree. */
export function totalsOf({ roots, nodes }: Tree): Totals {
  const sums: Totals = {
    steps: 0,
    generations: 0,
    errors: 0,
    inputTokens: null,
    outputTokens: null,
    tokens: null,
    estimated: false,
    cost: null,
    duration: null,
    inFlight: false,
  };
  for (const { row, state } of nodes.values()) {
    if (state === "in flight") sums.inFlight = true;
    if (row === null) continue;
    sums.steps += 1;
    if (row.generation !== null) sums.generations += 1;
    if (row.error !== null) sums.errors += 1;
    if (row.estimated === 1) sums.estimated = true;
    sums.inputTokens = added(sums.inputTokens, row.inputTokens);
    sums.outputTokens = added(sums.outputTokens, row.outputTokens);
    sums.tokens = added(sums.tokens, row.tokens);
    sums.cost = added(sums.cost, row.cost);
  }
  for (const { duration } of roots)
    sums.duration = added(sums.duration, duration === null ? null : Math.max(0, duration));
  return sums;
}

function added(sum: number | null, value: number | null): number | null {
  return value === null ? sum : (sum ?? 0) + value;
}
