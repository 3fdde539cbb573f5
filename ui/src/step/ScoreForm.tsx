import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { useProjectId } from "../frame/project";
import { Button } from "../parts/Button";
import { type ScoreSchema, schemasQuery } from "../settings/scoreSchemas";
import { useScoring } from "./change";
import type { WholeStep } from "./types";

/** A new score: by the schema of its name where there is one, else any number. */
export function ScoreForm({ step, onDone }: { step: WholeStep; onDone: () => void }) {
  const project = useProjectId();
  const { data: schemas = [] } = useQuery(schemasQuery(project));
  const scoring = useScoring(step);
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const [comment, setComment] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const list = useId();
  useEffect(() => field.current?.focus(), []);
  const schema = schemas.find((known) => known.name === name.trim());
  const category = schema?.categories?.find(({ label }) => label === value);
  const number = category?.value ?? Number(value);
  const problem = problemOf(name, value, number, schema);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (problem !== null) return;
    const label = category === undefined ? {} : { label: category.label };
    const bySchema = schema === undefined ? {} : { scoreSchemaId: schema.id };
    const said = comment.trim() === "" ? {} : { comment: comment.trim() };
    scoring.mutate(
      { name: name.trim(), type: "HUMAN", value: number, ...label, ...bySchema, ...said },
      { onSuccess: onDone },
    );
  };
  return (
    <form
      className="score-form"
      aria-label="New score"
      onSubmit={submit}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        onDone();
      }}
    >
      <input
        ref={field}
        className="input"
        aria-label="Name of the score"
        placeholder="Name"
        list={list}
        maxLength={255}
        value={name}
        onChange={(event) => {
          setName(event.target.value);
          setValue("");
        }}
      />
      <datalist id={list}>
        {schemas.map((known) => (
          <option key={known.id} value={known.name} />
        ))}
      </datalist>
      <Value schema={schema} value={value} onValue={setValue} />
      <input
        className="input score-comment-field"
        aria-label="Comment"
        placeholder="Comment"
        value={comment}
        onChange={(event) => setComment(event.target.value)}
      />
      <Button type="submit" look="primary" refused={problem ?? undefined}>
        Add
      </Button>
      <Button onClick={onDone}>Cancel</Button>
      {schema?.description && (
        <p className="muted score-about" dir="auto">
          {schema.description}
        </p>
      )}
    </form>
  );
}

function Value({
  schema,
  value,
  onValue,
}: {
  schema: ScoreSchema | undefined;
  value: string;
  onValue: (v: string) => void;
}) {
  if (schema?.type === "CATEGORICAL" && schema.categories !== null) {
    return (
      <select className="input" aria-label="Value" value={value} onChange={(event) => onValue(event.target.value)}>
        <option value="">Choose…</option>
        {schema.categories.map(({ label, description }) => (
          <option key={label} value={label} title={description ?? undefined}>
            {label}
          </option>
        ))}
      </select>
    );
  }
  const range = schema === undefined ? "Value" : `${schema.min ?? "…"} – ${schema.max ?? "…"}`;
  return (
    <input
      className="input score-number"
      aria-label="Value"
      inputMode="decimal"
      placeholder={range}
      value={value}
      onChange={(event) => onValue(event.target.value)}
    />
  );
}

/** Why the score cannot be added yet, null when it can. */
function problemOf(name: string, value: string, number: number, schema: ScoreSchema | undefined): string | null {
  if (name.trim() === "") return "Give the score a name.";
  if (schema?.type === "CATEGORICAL") return value === "" ? "Choose a category." : null;
  if (value.trim() === "" || !Number.isFinite(number)) return "Give the score a number.";
  const { min = null, max = null } = schema ?? {};
  if (min !== null && number < min) return `The number must be at least ${min}.`;
  return max !== null && number > max ? `The number must be at most ${max}.` : null;
}
