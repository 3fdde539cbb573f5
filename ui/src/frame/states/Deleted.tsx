import { Link } from "@tanstack/react-router";
import { Notice } from "../../parts/Notice";
import { useProjectId } from "../project";

const LISTS = { thread: "threads", run: "runs", generation: "generations", step: "steps" } as const;

/** What a detail page shows when its thread, run or step was deleted while it was open. */
export function Deleted({ kind }: { kind: keyof typeof LISTS }) {
  const project = useProjectId();
  return (
    <Notice title={`This ${kind} was deleted`}>
      <p>Somebody deleted it, or the project keeps its data no longer.</p>
      <Link to={`/p/$project/${LISTS[kind]}`} params={{ project }}>
        All {LISTS[kind]}
      </Link>
    </Notice>
  );
}
