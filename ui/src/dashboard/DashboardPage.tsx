import { useRef } from "react";
import { FilterBar } from "../lists/FilterBar";
import { useListSearch } from "../lists/listSearch";
import { Notice } from "../parts/Notice";
import { rangeName } from "./axis";
import { Card } from "./Card";
import { CARDS } from "./cards";
import "../lists/lists.css";
import "./dashboard.css";
import { HiddenCards } from "./HiddenCards";
import { useLayout } from "./layout";
import { RecentRuns, RecentScores } from "./Recent";
import { useDashboard } from "./useDashboard";

const IDS = CARDS.map(({ id }) => id);

/** The project in figures over time. */
export function DashboardPage() {
  const [{ filters = NONE }, change] = useListSearch();
  const adding = useRef<HTMLSpanElement>(null);
  const layout = useLayout(IDS);
  const { data, error } = useDashboard(filters);
  if (error !== null && data === undefined) {
    return (
      <Notice title="The dashboard cannot be counted">
        <p role="alert">{error.message}</p>
      </Notice>
    );
  }
  return (
    <div className="dashboard">
      <h1 className="hidden-visually">Dashboard</h1>
      <div className="dashboard-bar">
        <FilterBar kind="steps" filters={filters} onFilters={(next) => change({ filters: next })} adding={adding} />
        <span className="dashboard-notes" role="status">
          {data?.cut && <b>Some of it is not counted yet: ≥ is at least. </b>}
          {data?.before && (data.before.totals.steps || data.before.totals.threads) ? (
            <span title={rangeName(data.before.from, data.before.to)}>
              <svg className="legend-mark" viewBox="0 0 16 8" aria-hidden="true">
                <path d="M0 4h16" stroke="var(--line-strong)" strokeWidth="1.5" strokeDasharray="3 3" />
              </svg>{" "}
              the period before
            </span>
          ) : null}
        </span>
        <HiddenCards
          cards={CARDS.filter(({ id }) => layout.hidden.includes(id))}
          changed={layout.changed}
          onShow={layout.show}
          onReset={layout.reset}
        />
      </div>
      <div className="cards">
        {layout.shown.map((id, index) => {
          const spec = CARDS.find((one) => one.id === id);
          return (
            spec && (
              <Card
                key={id}
                spec={spec}
                filters={filters}
                first={index === 0}
                last={index === layout.shown.length - 1}
                onMove={(by) => layout.move(id, by)}
                onHide={() => layout.hide(id)}
              />
            )
          );
        })}
        <RecentRuns />
        <RecentScores />
      </div>
    </div>
  );
}

const NONE: never[] = [];
