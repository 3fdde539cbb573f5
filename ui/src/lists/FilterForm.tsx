import { useQuery } from "@tanstack/react-query";
import { type FormEvent, type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { useProjectId } from "../frame/project";
import { Button } from "../parts/Button";
import { Chip } from "../parts/Chip";
import { fieldsQuery, useFacets } from "./facets";
import { type Field, type Filter, fieldName, OPERATOR_NAMES, takesList, typedValue } from "./filter";
import type { Kind } from "./rows";

interface Props {
  kind: Kind;
  filter?: Filter;
  onApply: (filter: Filter) => void;
}

/** Field, operator and value of one filter, with values to choose from where the server knows some. */
export function FilterForm({ kind, filter, onApply }: Props) {
  const known = useQuery(fieldsQuery(useProjectId(), kind)).data;
  const fields = useMemo(() => known?.toSorted((one, other) => rank(one) - rank(other)), [known]);
  if (fields === undefined) return <p className="muted">…</p>;
  return <Form kind={kind} fields={fields} onApply={onApply} {...(filter === undefined ? {} : { filter })} />;
}

function Form({ kind, fields, filter, onApply }: Props & { fields: Field[] }) {
  const id = useId();
  const first = useRef<HTMLSelectElement>(null);
  // The menu around would choose the value, and may have opened before the fields were known.
  useEffect(() => first.current?.focus(), []);
  const [name, setName] = useState(filter?.field ?? fields[0]?.field ?? "");
  const field = fields.find((one) => one.field === name) ?? fields[0];
  const [operator, setOperator] = useState(filter?.operator ?? usual(field));
  const [path, setPath] = useState(filter?.path ?? "");
  const [chosen, setChosen] = useState<string[]>(() => (Array.isArray(filter?.value) ? filter.value : []));
  const [text, setText] = useState(() => shown(filter));
  const ofPath = field?.kind === "score";
  const facets = useFacets(kind, field?.facet === true ? name : null, ofPath ? path : text);
  if (field === undefined) return null;
  const list = takesList(operator);
  const empty = operator === "is" || operator === "nis";
  const value = typedValue(field.kind, operator, list ? [...chosen, text] : [text]);
  const apply = (made = value) => {
    if (made === undefined) return;
    const own = field.path !== "no" && path.trim() !== "" ? { path: path.trim() } : {};
    onApply({ field: name, operator, value: made, ...own });
  };
  const choose = (one: string) => {
    if (ofPath) setPath(one);
    else if (!list) apply(one);
    else {
      setChosen(chosen.includes(one) ? chosen.filter((other) => other !== one) : [...chosen, one]);
      setText("");
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    apply();
  };
  return (
    <form className="filter-form" onSubmit={submit}>
      <div className="filter-row">
        <select
          ref={first}
          className="input"
          aria-label="Field"
          value={name}
          onKeyDown={own}
          onChange={(event) => {
            const next = fields.find((one) => one.field === event.target.value);
            setName(event.target.value);
            setOperator(usual(next));
            setPath("");
            setChosen([]);
            setText("");
          }}
        >
          {fields.map((one) => (
            <option key={one.field} value={one.field}>
              {labelOf(one, fields)}
            </option>
          ))}
        </select>
        <select
          className="input"
          aria-label="Operator"
          value={operator}
          onKeyDown={own}
          onChange={(event) => setOperator(event.target.value)}
        >
          {field.operators.map((one) => (
            <option key={one} value={one}>
              {OPERATOR_NAMES[one] ?? one}
            </option>
          ))}
        </select>
      </div>
      {field.path !== "no" && (
        <input
          className="input"
          aria-label={ofPath ? "Name of the score" : "Path"}
          placeholder={ofPath ? "any score" : "path, as in a.b"}
          value={path}
          onChange={(event) => setPath(event.target.value)}
        />
      )}
      {!empty && (
        <input
          className="input"
          aria-label="Value"
          aria-describedby={`${id}-chosen`}
          placeholder={field.kind === "number" || ofPath ? "a number" : "a value"}
          type={field.kind === "time" ? "datetime-local" : "text"}
          inputMode={field.kind === "number" || ofPath ? "decimal" : "text"}
          step="1"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      )}
      {list && (
        <div id={`${id}-chosen`} className="chips">
          {chosen.map((one) => (
            <Chip key={one} title={one} onRemove={() => choose(one)}>
              {one}
            </Chip>
          ))}
        </div>
      )}
      {facets.length > 0 && !empty && (
        <div className="filter-values">
          {facets.map((one) => (
            <button
              type="button"
              key={one}
              className="menu-item"
              aria-pressed={list ? chosen.includes(one) : undefined}
              onClick={() => choose(one)}
            >
              <span className="cell-text" dir="auto">
                {one}
              </span>
            </button>
          ))}
        </div>
      )}
      <Button type="submit" look="primary" refused={value === undefined ? "Give a value first." : undefined}>
        Apply
      </Button>
    </form>
  );
}

/** Arrow keys in a select are its own, not the menu's. */
function own(event: KeyboardEvent) {
  event.stopPropagation();
}

/** What people filter by most stands first; the rest stays as the server has it. */
const FIRST = [
  "name",
  "model",
  "tags",
  "score",
  "scoreValue",
  "participantIdentifiers",
  "participant",
  "error",
  "type",
];

function rank({ field }: Field): number {
  const place = FIRST.indexOf(field);
  return place === -1 ? FIRST.length : place;
}

function usual(field: Field | undefined): string {
  if (field !== undefined && /^id$|Id$/.test(field.field)) return "eq";
  if (field?.field === "error") return "nis";
  if (field?.kind === "text" || field?.kind === "json") return "ilike";
  if (field?.kind === "tags" || field?.kind === "choice") return "in";
  return field?.kind === "number" || field?.kind === "score" || field?.kind === "time" ? "gte" : "eq";
}

function shown(filter: Filter | undefined): string {
  if (filter === undefined || filter.value === null || Array.isArray(filter.value)) return "";
  const time =
    typeof filter.value === "string" && /^\d{4}-\d\d-\d\dT/.test(filter.value) ? new Date(filter.value) : null;
  if (time === null || Number.isNaN(time.valueOf())) return String(filter.value);
  return new Date(time.valueOf() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

/** Two fields that people call the same (old clients have two words) also show the word of the grammar. */
function labelOf({ field }: Field, fields: Field[]): string {
  const name = fieldName(field);
  return fields.some((other) => other.field !== field && fieldName(other.field) === name) ? `${name} (${field})` : name;
}
