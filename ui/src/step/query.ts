import { queryOptions, type UseQueryResult, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { request } from "../api/request";
import { useProjectId } from "../frame/project";
import type { WholeStep } from "./types";

/** Milliseconds for which a step that has ended counts as fresh: it rarely changes, and changes are heard of. */
const STALE = 60_000;

/** A whole step of `project`. */
export function stepQuery(project: string, id: string) {
  return queryOptions({
    queryKey: ["step", project, id],
    queryFn: ({ signal }) => request<WholeStep>(`api/steps/${encodeURIComponent(id)}`, { project, signal }),
    staleTime: ({ state }) => (state.data?.endTime ? STALE : 0),
  });
}

/** The step of that id, with everything; nothing is asked while there is no id. */
export function useStep(id: string | undefined): UseQueryResult<WholeStep> {
  const project = useProjectId();
  return useQuery({ ...stepQuery(project, id ?? ""), enabled: id !== undefined });
}

/** What asks for a step that may be looked at next. */
export function usePrefetchStep(): (id: string) => void {
  const project = useProjectId();
  const client = useQueryClient();
  return useCallback((id) => void client.prefetchQuery(stepQuery(project, id)), [client, project]);
}

/** What asks anew for a step that was just changed. */
export function useRefreshStep(): (id: string) => Promise<void> {
  const project = useProjectId();
  const client = useQueryClient();
  return useCallback((id) => client.invalidateQueries({ queryKey: ["step", project, id] }), [client, project]);
}
