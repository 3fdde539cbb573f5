/** What `GET /api/dashboard` answers (`docs/dashboard.md`). */

/** A number by bucket: null where it was not counted, and where there is nothing to take a mean of. */
export type Numbers = (number | null)[];
export type ByName<T> = Record<string, T>;

/** The cards of the answer, with a number (totals) or numbers by bucket (cards) each. */
export interface Cards<T> {
  threads: T;
  users: T;
  costPerThread: T;
  steps: T;
  errors: T;
  errorRate: T;
  runs: T;
  runErrors: T;
  runErrorRate: T;
  generations: T;
  generationErrors: T;
  tokens: T;
  tokensInput: T;
  tokensOutput: T;
  tokensCached: T;
  cachedShare: T;
  tokensPerGeneration: T;
  estimated: T;
  cost: T;
  priced: T;
  feedback: T | null;
  /** Seconds. */
  latency: { p50: T; p95: T; p99: T };
  /** Seconds. */
  runLatency: { p50: T; p95: T; p99: T };
  /** Milliseconds. */
  firstToken: { p50: T; p95: T };
  /** Output tokens per second. */
  throughput: { p50: T; p5: T };
  costByModel: ByName<T>;
  generationsByModel: ByName<T>;
  inputByModel: ByName<T>;
  outputByModel: ByName<T>;
  runsByName: ByName<T>;
  toolCalls: ByName<T>;
  toolErrors: ByName<T>;
  prompts: ByName<T>;
  scoreCounts: ByName<T> | null;
  scores: ByName<T> | null;
}

/** A range of time, counted. */
export interface Period {
  from: string;
  to: string;
  /** Seconds of most buckets. */
  bucketSeconds: number;
  /** Where each bucket begins, in seconds since 1970. */
  times: number[];
  cards: Cards<Numbers>;
  totals: Cards<number | null>;
  /** Counting took too long, and was given up for some buckets. */
  cut: boolean;
}

export interface Answer extends Period {
  /** What the names that are not shown sum up to. */
  others: ByName<number>;
  engagement: { known: number; active: number };
  /** How far a percentile may be off, as a share of it. */
  percentileError: number;
  before: Period | null;
}

/** From where to where a bucket goes, in seconds since 1970. */
export function bucketOf({ times, to }: Period, index: number): { from: number; to: number } {
  const from = times[index] ?? 0;
  return { from, to: times[index + 1] ?? Date.parse(to) / 1_000 };
}
