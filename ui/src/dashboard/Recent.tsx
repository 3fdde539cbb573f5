import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { request } from "../api/request";
import { useProjectId } from "../frame/project";
import { frameSearch, useEnvironment } from "../frame/range";
import { targetOf } from "../lists/links";
import { lasted, type Page, type ScoreRow, type StepRow } from "../lists/rows";
import { duration } from "../parts/format";
import { Glyph } from "../parts/Glyph";
import { Time } from "../parts/Time";

const FIRST = 7;

/** The newest rows of a list; asked for again every half minute. */
function useNewest<Row extends StepRow | ScoreRow>(kind: "runs" | "scores"): Row[] | undefined {
  const project = useProjectId();
  const environment = useEnvironment();
  const filters =
    environment === null || kind === "scores"
      ? undefined
      : JSON.stringify([{ field: "environment", operator: "eq", value: environment }]);
  const { data } = useQuery({
    queryKey: ["recent", project, kind, filters],
    queryFn: ({ signal }) =>
      request<Page<Row>>(`api/logs/${kind}`, { project, query: { first: FIRST, filters }, signal }),
    refetchInterval: 30_000,
  });
  return data?.rows;
}

/** The newest runs, of any time. */
export function RecentRuns() {
  const project = useProjectId();
  const rows = useNewest<StepRow>("runs");
  return (
    <Tile title="Recent runs" kind="runs" empty={rows?.length === 0 ? "No runs yet." : null}>
      {rows?.map((run) => (
        <li key={run.id} className="recent-row">
          {run.error ? <Glyph name="error" label="failed" className="recent-failed" /> : <Glyph name="run" />}
          <Link {...(targetOf("runs", run, project) as unknown as { to: string })} className="recent-name" dir="auto">
            {run.name ?? "(no name)"}
          </Link>
          <span className="recent-text muted" dir="auto">
            {run.inputPreview}
          </span>
          <span className="number">{duration(lasted(run))}</span>
          <Time value={run.startTime ?? run.createdAt} />
        </li>
      ))}
    </Tile>
  );
}

/** The newest scores, of any time. */
export function RecentScores() {
  const project = useProjectId();
  const rows = useNewest<ScoreRow>("scores");
  return (
    <Tile title="Recent scores" kind="scores" empty={rows?.length === 0 ? "Nothing was scored yet." : null}>
      {rows?.map((score) => {
        const target = targetOf("scores", score, project);
        return (
          <li key={score.id} className="recent-row">
            <Glyph name="scores" />
            {target === null ? (
              <span className="recent-name">{score.name}</span>
            ) : (
              <Link {...(target as unknown as { to: string })} className="recent-name" dir="auto">
                {score.name}
              </Link>
            )}
            <span className="recent-text muted" dir="auto">
              {score.comment ?? score.scorer ?? score.type.toLowerCase()}
            </span>
            <span className="number">
              {score.label ?? (score.value === null ? "–" : Number(score.value.toPrecision(3)))}
            </span>
            <Time value={score.createdAt} />
          </li>
        );
      })}
    </Tile>
  );
}

interface TileProps {
  title: string;
  kind: "runs" | "scores";
  empty: string | null;
  children: ReactNode;
}

function Tile({ title, kind, empty, children }: TileProps) {
  const project = useProjectId();
  return (
    <section className={`card recent-${kind}`} aria-label={title}>
      <header className="card-head">
        <h2>
          <Link
            className="card-title"
            to={`/p/$project/${kind}` as never}
            params={{ project } as never}
            search={((before: Record<string, unknown>) => frameSearch(before)) as never}
          >
            {title}
          </Link>
        </h2>
      </header>
      {empty === null ? <ol className="recent">{children}</ol> : <p className="card-empty">{empty}</p>}
    </section>
  );
}
