import type { Filter } from "../lists/filter";
import type { Kind } from "../lists/rows";
import type { Behind } from "./view";

/** What `Link` takes. */
export interface Target {
  to: string;
  params: { project: string };
  search: (before: Record<string, unknown>) => Record<string, unknown>;
}

/** Fields of steps that generations have too, and how those call them. */
const OF_GENERATIONS: Record<string, string> = {
  model: "model",
  provider: "provider",
  tags: "tags",
  environment: "environment",
  threadId: "threadId",
  error: "error",
  scoreValue: "score",
  participantIdentifier: "participant",
  participantIdentifiers: "participant",
};

/** The list behind a figure with all that the figure was filtered by, which is in the words of steps. */
export function listBehind(
  { kind, filters = [] }: Behind,
  filteredBy: readonly Filter[],
): { kind: Kind; filters: Filter[] } {
  if (filteredBy.length === 0 || kind === "steps" || kind === "runs") {
    return { kind, filters: [...filteredBy, ...filters] };
  }
  const same = kind === "generations" && filteredBy.every(({ field }) => field in OF_GENERATIONS);
  // What other lists cannot say, the steps themselves show.
  if (!same) return { kind: "steps", filters: [...filteredBy] };
  const renamed = filteredBy.map((one) => ({ ...one, field: OF_GENERATIONS[one.field] ?? one.field }));
  return { kind, filters: [...renamed, ...filters] };
}

/** Where the list is, within the range of the address or that of one bucket (seconds since 1970). */
export function targetOf(
  project: string,
  behind: Behind,
  filteredBy: readonly Filter[],
  bucket?: { from: number; to: number },
): Target {
  const { kind, filters } = listBehind(behind, filteredBy);
  return {
    to: `/p/$project/${kind}`,
    params: { project },
    search: ({ range, from, to, environment, live }) => ({
      environment,
      live,
      ...(bucket === undefined ? { range, from, to } : { from: iso(bucket.from), to: iso(bucket.to) }),
      ...(filters.length > 0 ? { filters } : {}),
    }),
  };
}

function iso(seconds: number): string {
  return new Date(seconds * 1_000).toISOString();
}
