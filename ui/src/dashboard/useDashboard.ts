import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useChanges } from "../api/live";
import { request } from "../api/request";
import { useProjectId } from "../frame/project";
import { useEnvironment, useRange } from "../frame/range";
import type { Filter } from "../lists/filter";
import type { Answer } from "./answer";

/** Milliseconds between two looks at figures that change all the time. */
const AGAIN = 15_000;
/** Milliseconds until what was not counted in time is counted behind the page's back. */
const AFTER_CUT = 5_000;

/** The dashboard of the range and environment in the address, by `filters`; old figures stay while new ones come. */
export function useDashboard(filters: readonly Filter[]) {
  const project = useProjectId();
  const [range] = useRange();
  const environment = useEnvironment();
  const query = useQuery({
    queryKey: ["dashboard", project, range.key, environment, filters],
    queryFn: ({ signal }) => {
      const { from, to } = range.bounds();
      return request<Answer>("api/dashboard", {
        project,
        signal,
        query: {
          from: from ?? undefined,
          to: to ?? undefined,
          timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
          environment: environment ?? undefined,
          filters: filters.length > 0 ? JSON.stringify(filters) : undefined,
          compare: range.key === "all" ? undefined : 1,
        },
      });
    },
    placeholderData: (before, last) => (last?.queryKey[1] === project ? before : undefined),
    refetchInterval: ({ state }) => (state.data?.cut === true && filters.length === 0 ? AFTER_CUT : false),
  });
  useAfterChanges(query.refetch);
  return query;
}

/** Calls `refetch` after something changed, not more often than `AGAIN`. */
function useAfterChanges(refetch: () => unknown): void {
  const asked = useRef(0);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  useChanges(["steps", "threads", "scores"], () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(
      () => {
        asked.current = Date.now();
        void refetch();
      },
      Math.max(0, asked.current + AGAIN - Date.now()),
    );
  });
}
