import { useQuery } from "@tanstack/react-query";
import { type RefObject, useState } from "react";
import { useProjectId } from "../frame/project";
import { Button } from "../parts/Button";
import { Glyph } from "../parts/Glyph";
import { Menu } from "../parts/Menu";
import { FilterForm } from "./FilterForm";
import { fieldsQuery } from "./facets";
import { describe, type Filter, withFilter } from "./filter";
import { JsonFilters } from "./JsonFilters";
import type { Kind } from "./rows";

interface Props {
  kind: Kind;
  filters: Filter[];
  onFilters: (filters: Filter[] | null) => void;
  /** The button that adds a filter, for the shortcut. */
  adding: RefObject<HTMLSpanElement | null>;
}

/** The filters of a list as chips: each can be changed and taken away, and all of them read and written as JSON. */
export function FilterBar({ kind, filters, onFilters, adding }: Props) {
  const [json, setJson] = useState(false);
  // Before they are asked for: the form opens at once then.
  useQuery(fieldsQuery(useProjectId(), kind));
  return (
    <div className="filters">
      {filters.map((filter, index) => (
        <span key={JSON.stringify(filter)} className="filter-chip">
          <Menu look="plain" name={`Change the filter ${describe(filter)}`} label={<FilterText filter={filter} />}>
            {(close) => (
              <FilterForm
                kind={kind}
                filter={filter}
                onApply={(next) => {
                  close();
                  onFilters(withFilter(filters, next, index));
                }}
              />
            )}
          </Menu>
          <button
            type="button"
            className="chip-remove"
            aria-label={`Remove the filter ${describe(filter)}`}
            onClick={() => onFilters(filters.filter((_, other) => other !== index))}
          >
            ×
          </button>
        </span>
      ))}
      <span ref={adding}>
        <Menu
          look="plain"
          label={
            <>
              <Glyph name="filter" /> Filter
            </>
          }
          name="Add a filter"
        >
          {(close) => (
            <FilterForm
              kind={kind}
              onApply={(next) => {
                close();
                onFilters(withFilter(filters, next));
              }}
            />
          )}
        </Menu>
      </span>
      <Button look="plain" onClick={() => setJson(true)} title="The same filters as text">
        JSON
      </Button>
      {json && (
        <JsonFilters
          kind={kind}
          filters={filters}
          onClose={() => setJson(false)}
          onApply={(next) => {
            setJson(false);
            onFilters(next.length === 0 ? null : next);
          }}
        />
      )}
    </div>
  );
}

function FilterText({ filter }: { filter: Filter }) {
  const text = describe(filter);
  return (
    <span className="filter-text" dir="auto" title={text}>
      {text}
    </span>
  );
}
