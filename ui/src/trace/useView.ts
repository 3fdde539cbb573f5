import { useNavigate, useSearch } from "@tanstack/react-router";
import { useKept } from "../parts/kept";
import type { Way } from "./query";

export const VIEWS = ["conversation", "tree", "waterfall"] as const;
export type View = (typeof VIEWS)[number];

/** Below this width there is room for two panes, and the waterfall waits until it is asked for. */
const WIDE = "(min-width: 1200px)";

/** How the trace is shown: as the address says, else as chosen last, else what suits a thread or a run. */
export function useView(way: Way): [View, (view: View) => void] {
  const [kept, keep] = useKept<View | null>(way === "thread" ? "trace.view.thread" : "trace.view", null);
  const { view, step } = useSearch({ strict: false }) as { view?: unknown; step?: unknown };
  const navigate = useNavigate();
  const asked = VIEWS.find((known) => known === view);
  const trace: View = window.matchMedia(WIDE).matches ? "waterfall" : "tree";
  // A link to a step means the step, and not the conversation around it.
  const fitting = way === "thread" && step === undefined ? (kept ?? "conversation") : trace;
  const own = kept !== null && (kept !== "conversation" || way === "thread") && step === undefined ? kept : fitting;
  const choose = (next: View) => {
    keep(next);
    const to = { to: ".", search: (before: Record<string, unknown>) => ({ ...before, view: next }), replace: true };
    void navigate(to as never);
  };
  return [asked ?? own, choose];
}
