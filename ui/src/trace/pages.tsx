import { useParams, useRouterState } from "@tanstack/react-router";
import { TracePage } from "./TracePage";

function useId(): string {
  const { id = "" } = useParams({ strict: false });
  return id;
}

/** `/p/$project/threads/$id` */
export function ThreadPage() {
  const id = useId();
  return <TracePage key={id} kind="threads" way="thread" id={id} />;
}

/** `/p/$project/runs/$id` */
export function RunPage() {
  const id = useId();
  return <TracePage key={id} kind="runs" way="run" id={id} />;
}

/** `/p/$project/steps/$id` and `/p/$project/generations/$id`: the step in its trace. */
export function StepPage() {
  const id = useId();
  const generations = useRouterState({ select: ({ location }) => location.pathname.includes("/generations/") });
  return <TracePage key={id} kind={generations ? "generations" : "steps"} way="step" id={id} />;
}
