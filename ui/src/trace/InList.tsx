import { useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { useProjectId } from "../frame/project";
import { frameSearch } from "../frame/range";
import { Button } from "../parts/Button";
import { type Shortcut, useShortcuts } from "../parts/keys";
import { neighbours } from "../parts/listOrder";

/** The lists that lead to a trace, as in addresses. */
export type Kind = "threads" | "runs" | "generations" | "steps";

/** The way to the rows before and after this one in the list that it was opened from; nothing without such a list. */
export function InList({ kind, id }: { kind: Kind; id: string }) {
  const project = useProjectId();
  const navigate = useNavigate();
  const { before, after } = neighbours(kind, id);
  const go = useCallback(
    (to: string | null) => {
      if (to === null) return;
      // In the place of this one, so that back leads to the list.
      void navigate({
        to: `/p/$project/${kind}/$id`,
        params: { project, id: to },
        search: (now: Record<string, unknown>) => frameSearch(now),
        replace: true,
      } as never);
    },
    [kind, project, navigate],
  );
  useShortcuts(
    useMemo<Shortcut[]>(
      () => [
        { key: "J", about: "Next in the list", run: () => go(after) },
        { key: "K", about: "Previous in the list", run: () => go(before) },
      ],
      [go, before, after],
    ),
  );
  if (before === null && after === null) return null;
  return (
    <span className="in-list">
      <Button
        look="plain"
        aria-label="Previous in the list"
        title="Previous in the list (K)"
        disabled={before === null}
        onClick={() => go(before)}
      >
        ↑
      </Button>
      <Button
        look="plain"
        aria-label="Next in the list"
        title="Next in the list (J)"
        disabled={after === null}
        onClick={() => go(after)}
      >
        ↓
      </Button>
    </span>
  );
}
