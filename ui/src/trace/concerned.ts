import type { Change, Changes } from "../api/live";
import type { Way } from "./query";
import type { Trace } from "./rows";

/** Named in the place of a step, it asks for the thread alone. */
export const THREAD_ALONE = "";

/** The steps of a trace that changes are about; `all` where the whole has to be read again. */
export function concerned(changes: Changes, trace: Trace, way: Way, id: string): ReadonlySet<string> | "all" {
  if (changes === "reset") return "all";
  const ids = new Set<string>();
  let known: Set<string> | undefined;
  const has = (stepId: string) => {
    known ??= new Set(trace.rows.map((row) => row.id));
    return known.has(stepId);
  };
  for (const change of changes) {
    if (change.kind === "thread") {
      if (way !== "thread" || change.id !== id) continue;
      if (change.op === "delete") return "all";
      ids.add(THREAD_ALONE);
    } else if (change.kind === "score") {
      if (change.stepId != null && has(change.stepId)) ids.add(change.stepId);
    } else if (within(change, trace, way, id) || has(change.id)) {
      ids.add(change.id);
    }
  }
  return ids;
}

function within({ threadId, rootRunId, parentId }: Change, trace: Trace, way: Way, id: string): boolean {
  if (way === "thread") return threadId === id;
  return rootRunId === trace.root || parentId === trace.root;
}
