import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { useProjectId } from "../frame/project";
import { useRange } from "../frame/range";
import type { Filter } from "../lists/filter";
import { type Answer, bucketOf } from "./answer";
import { type Target, targetOf } from "./behind";
import { DataTable } from "./DataTable";
import { Legend } from "./Legend";
import { RankingBars } from "./RankingBars";
import { hasData, summary } from "./series";
import { type OverTime, seriesOf, type View } from "./view";

const Chart = lazy(async () => ({ default: (await import("./Chart")).Chart }));

interface ContentProps {
  title: string;
  view: View;
  data: Answer;
  table: boolean;
  filteredBy: readonly Filter[];
  stale: boolean;
}

/** What a card shows: a chart with its legend, a table, bars by name, or why there is nothing. */
export function CardContent({ title, view, data, table, filteredBy, stale }: ContentProps) {
  const project = useProjectId();
  if (view.kind === "ranking") {
    const behindName = view.behindName;
    return (
      <RankingBars
        view={view}
        data={data}
        target={(name) => (behindName === undefined ? null : targetOf(project, behindName(name), filteredBy))}
      />
    );
  }
  const target = (index: number): Target | null =>
    view.behind === undefined ? null : targetOf(project, view.behind, filteredBy, bucketOf(data, index));
  return <Drawn title={title} view={view} data={data} table={table} stale={stale} target={target} />;
}

interface DrawnProps {
  title: string;
  view: OverTime;
  data: Answer;
  table: boolean;
  stale: boolean;
  target: (index: number) => Target | null;
}

function Drawn({ title, view, data, table, stale, target }: DrawnProps) {
  const navigate = useNavigate();
  const [, setRange] = useRange();
  const series = seriesOf(view, data, data.before);
  if (!hasData(series) && !data.cut) {
    return (
      <p className="card-empty">
        {view.empty}
        {series.some(({ before }) => before?.some((value) => value !== null && value !== 0)) && (
          <span> There was some in the period before.</span>
        )}
      </p>
    );
  }
  if (table) return <DataTable view={view} data={data} series={series} target={target} />;
  return (
    <>
      <Legend view={view} data={data} series={series} />
      <div className={stale ? "chart-place chart-stale" : "chart-place"}>
        <Suspense>
          <Chart
            period={data}
            kind={view.kind}
            series={series}
            format={view.axis ?? view.format}
            label={summary(title, series, view.format)}
            onBucket={(index) => {
              const behind = target(index);
              if (behind !== null) void navigate(behind as never);
            }}
            onZoom={(from, to) => setRange({ from: iso(from), to: iso(to) })}
          />
        </Suspense>
      </div>
    </>
  );
}

function iso(seconds: number): string {
  return new Date(Math.round(seconds) * 1_000).toISOString();
}
