import { Link } from "@tanstack/react-router";
import { useId } from "react";
import { useProjectId } from "../frame/project";
import { FilterForm } from "../lists/FilterForm";
import { describe, type Filter } from "../lists/filter";
import { Chip } from "../parts/Chip";
import { Glyph } from "../parts/Glyph";
import { Menu } from "../parts/Menu";
import { Badge } from "./Badge";
import { targetOf } from "./behind";
import { CardContent } from "./CardContent";
import { CardMenu, type Placement } from "./CardMenu";
import { useChoice } from "./layout";
import { useDashboard } from "./useDashboard";
import { type CardSpec, totalOf } from "./view";

interface Props extends Placement {
  spec: CardSpec;
  /** The filters of the whole page; those of the card come on top. */
  filters: readonly Filter[];
}

/** One card: a figure with its change, views of it, filters of its own, and the list behind it. */
export function Card({ spec, filters, ...placement }: Props) {
  const [choice, choose] = useChoice(spec.id);
  const filteredBy = [...filters, ...choice.filters];
  const { data, isPlaceholderData, error } = useDashboard(filteredBy);
  const project = useProjectId();
  const id = useId();
  const view = spec.views.find((one) => one.id === choice.view) ?? spec.views[0];
  const total = data === undefined ? null : totalOf(view, data);
  const behind = view.behind === undefined ? null : targetOf(project, view.behind, filteredBy);
  return (
    <section className="card" aria-labelledby={id} aria-busy={data === undefined || isPlaceholderData}>
      <header className="card-head">
        <h2 id={id} title={spec.about}>
          {behind === null ? (
            spec.title
          ) : (
            <Link {...(behind as unknown as { to: string })} className="card-title">
              {spec.title}
            </Link>
          )}
        </h2>
        {data !== undefined && total !== null && (
          <span className="card-total">
            {data.cut ? "≥ " : ""}
            {view.format(total)}
            {view.totalName !== undefined && <small> {view.totalName}</small>}
          </span>
        )}
        {data !== undefined && data.before !== null && view.total !== undefined && (
          <Badge
            now={total}
            before={totalOf(view, data.before)}
            period={data.before}
            format={view.format}
            lessIsBetter={view.lessIsBetter}
          />
        )}
        <span className="card-space" />
        {spec.views.length > 1 && (
          <select
            className="card-views"
            aria-label={`${spec.title}: view`}
            value={view.id}
            onChange={(event) => choose({ view: event.target.value })}
          >
            {spec.views.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </select>
        )}
        <Menu look="plain" label={<Glyph name="filter" />} name={`${spec.title}: filter this card`}>
          {(close) => (
            <div className="card-filter">
              <FilterForm
                kind="steps"
                onApply={(filter) => {
                  close();
                  choose({ filters: [...choice.filters, filter] });
                }}
              />
            </div>
          )}
        </Menu>
        <CardMenu spec={spec} table={choice.table === true} onTable={(table) => choose({ table })} {...placement} />
      </header>
      {choice.filters.length > 0 && (
        <div className="card-filters">
          {choice.filters.map((filter, index) => (
            <Chip
              key={JSON.stringify(filter)}
              title={describe(filter)}
              onRemove={() => choose({ filters: choice.filters.filter((_, other) => other !== index) })}
            >
              {describe(filter)}
            </Chip>
          ))}
        </div>
      )}
      {data !== undefined ? (
        <CardContent
          title={spec.title}
          view={view}
          data={data}
          table={choice.table === true}
          filteredBy={filteredBy}
          stale={isPlaceholderData}
        />
      ) : (
        <p className="card-empty">{error === null ? "" : error.message}</p>
      )}
    </section>
  );
}
