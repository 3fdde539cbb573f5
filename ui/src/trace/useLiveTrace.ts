import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useRef } from "react";
import { type Changes, useChanges } from "../api/live";
import { useProjectId } from "../frame/project";
import { concerned } from "./concerned";
import { MOST_IDS, readTrace, traceQuery, type Way } from "./query";
import { merged, type Trace } from "./rows";

/**
 * Keeps a trace as the server has it: a few changed steps are read by themselves, more of them with the whole trace.
 *
 * One question is on its way at a time; what changes meanwhile is asked for after it.
 */
export function useLiveTrace(way: Way, id: string, trace: Trace | undefined): void {
  const project = useProjectId();
  const client = useQueryClient();
  const waiting = useRef<Set<string> | "all">(new Set());
  const busy = useRef(false);

  const read = useCallback(async () => {
    if (busy.current) return;
    busy.current = true;
    const { queryKey } = traceQuery(project, way, id);
    try {
      while (waiting.current === "all" || waiting.current.size > 0) {
        const wanted = waiting.current;
        waiting.current = new Set();
        const shown = client.getQueryData(queryKey);
        if (wanted === "all" || wanted.size > MOST_IDS || shown === undefined || shown.cut) {
          void client.invalidateQueries({ queryKey: ["step", project] });
          await client.invalidateQueries({ queryKey });
          continue;
        }
        const asked = [...wanted];
        // What the panel and the turns show of them; only what is in sight is read again.
        for (const stepId of asked) void client.invalidateQueries({ queryKey: ["step", project, stepId] });
        const changed = await readTrace(project, way, id, asked);
        const latest = client.getQueryData(queryKey);
        const next = latest === undefined ? null : merged(latest, asked, changed);
        if (next === null) waiting.current = "all";
        else client.setQueryData(queryKey, next);
      }
    } catch {
      // What did not answer is asked again with the next change, and all of it: some of it is lost now.
      waiting.current = "all";
    } finally {
      busy.current = false;
    }
  }, [client, project, way, id]);

  useChanges(
    ["steps", "threads", "scores"],
    useCallback(
      (changes: Changes) => {
        if (trace === undefined) return;
        const ids = concerned(changes, trace, way, id);
        if (ids === "all") waiting.current = "all";
        else if (waiting.current !== "all") for (const changed of ids) waiting.current.add(changed);
        if (waiting.current === "all" || waiting.current.size > 0) void read();
      },
      [trace, way, id, read],
    ),
  );
}
