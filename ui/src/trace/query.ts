import { queryOptions, useQuery } from "@tanstack/react-query";
import { request, search } from "../api/request";
import { useProjectId } from "../frame/project";
import { type Trace, type TraceAnswer, traceOf } from "./rows";

/** What a trace is asked for by: a thread, a run, or any step in it. */
export type Way = "thread" | "run" | "step";

/** Rows that one request names by id; beyond that the whole trace is read again. */
export const MOST_IDS = 200;

/** A trace, read whole. Rows are not compared one by one with those before: there may be fifty thousand. */
export function traceQuery(project: string, way: Way, id: string) {
  return queryOptions({
    queryKey: ["trace", project, way, id],
    queryFn: ({ signal }) => readTrace(project, way, id, [], signal),
    structuralSharing: false,
  });
}

/** The trace in the project of the address. */
export function useTrace(way: Way, id: string) {
  return useQuery(traceQuery(useProjectId(), way, id));
}

/** The rows of the steps `ids` alone, or all where there are none. */
export async function readTrace(
  project: string,
  way: Way,
  id: string,
  ids: readonly string[],
  signal?: AbortSignal,
): Promise<Trace> {
  const named = ids.map((stepId) => `&id=${encodeURIComponent(stepId)}`).join("");
  const path = `api/trace${search({ [way]: id })}${named}`;
  const answer = await request<TraceAnswer>(path, { project, ...(signal === undefined ? {} : { signal }) });
  return traceOf(answer, Date.now() * 1_000);
}
