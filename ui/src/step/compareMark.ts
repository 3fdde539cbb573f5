import { useCallback } from "react";
import { useKept } from "../parts/kept";

interface Mark {
  project: string;
  id: string;
}

/** The generation that was marked to be compared with the next one, kept by this browser; null without one. */
export function useCompareMark(project: string): [string | null, (id: string | null) => void] {
  const [mark, set] = useKept<Mark | null>("compare.mark", null);
  const change = useCallback((id: string | null) => set(id === null ? null : { project, id }), [project, set]);
  return [mark?.project === project ? mark.id : null, change];
}
