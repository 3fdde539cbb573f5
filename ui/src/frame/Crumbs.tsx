import { Link } from "@tanstack/react-router";
import { useProject } from "./project";
import { frameSearch } from "./range";

const AREAS = { threads: "Threads", runs: "Runs", generations: "Generations", steps: "Steps" } as const;

/** The way up from a page whose heading follows: its project, and the list of its area in the same time range. */
export function Crumbs({ area }: { area: keyof typeof AREAS }) {
  const project = useProject();
  if (project === undefined) return null;
  const params = { project: project.id };
  const search = (before: object) => frameSearch(before as Record<string, unknown>);
  return (
    <nav aria-label="Breadcrumb">
      <ol className="crumbs">
        <li className="crumb">
          <Link to="/p/$project/dashboard" params={params} search={search} dir="auto" title={project.name}>
            {project.name}
          </Link>
        </li>
        <li className="crumb">
          <Link to={`/p/$project/${area}`} params={params} search={search}>
            {AREAS[area]}
          </Link>
        </li>
      </ol>
    </nav>
  );
}
