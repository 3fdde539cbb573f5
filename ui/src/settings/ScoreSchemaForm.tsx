import { type FormEvent, useState } from "react";
import { graphql } from "../api/graphql";
import type { Project } from "../api/session";
import { Button } from "../parts/Button";
import { Dialog } from "../parts/Dialog";
import { Field } from "../parts/Field";
import { parseCategories } from "./categories";
import { useChange } from "./change";
import { scoreSchemasQuery } from "./ScoreSchemas";

const CREATE = `mutation($name: String!, $type: ScoreSchemaType!, $description: String,
  $categories: [ScoreCategoryInput!], $min: Float, $max: Float) {
  createScoreSchema(name: $name, type: $type, description: $description, categories: $categories, min: $min, max: $max) {
    id } }`;

/** A new score schema: a list of categories, or a range. */
export function ScoreSchemaForm({ project, onClose }: { project: Project; onClose: () => void }) {
  const [name, setName] = useState("");
  const [about, setAbout] = useState("");
  const [kind, setKind] = useState<"CATEGORICAL" | "CONTINUOUS">("CATEGORICAL");
  const [listed, setListed] = useState("Good = 1\nBad = 0");
  const [min, setMin] = useState("0");
  const [max, setMax] = useState("1");
  const make = useChange(
    () =>
      graphql(project.id, CREATE, {
        name: name.trim(),
        type: kind,
        description: about.trim() === "" ? null : about.trim(),
        ...(kind === "CATEGORICAL"
          ? { categories: parseCategories(listed) }
          : { min: optional(min), max: optional(max) }),
      }),
    {
      renews: [scoreSchemasQuery(project.id).queryKey],
      said: () => `Made the schema ${name.trim()}`,
      problem: "inline",
    },
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate(undefined, { onSuccess: onClose });
  };
  return (
    <Dialog title="New score schema" onClose={onClose}>
      <form className="settings-form" onSubmit={submit}>
        <Field label="Name">
          {(attributes) => (
            <input
              {...attributes}
              className="input"
              required
              maxLength={255}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <Field label="About" hint="What scorers read beside it.">
          {(attributes) => (
            <input {...attributes} className="input" value={about} onChange={(event) => setAbout(event.target.value)} />
          )}
        </Field>
        <Field label="Values">
          {(attributes) => (
            <select
              {...attributes}
              className="input"
              value={kind}
              onChange={(event) => setKind(event.target.value as typeof kind)}
            >
              <option value="CATEGORICAL">One of a list</option>
              <option value="CONTINUOUS">A number in a range</option>
            </select>
          )}
        </Field>
        {kind === "CATEGORICAL" ? (
          <Field label="Categories" hint="One a line, each with its number.">
            {(attributes) => (
              <textarea
                {...attributes}
                className="input"
                rows={4}
                required
                value={listed}
                onChange={(event) => setListed(event.target.value)}
              />
            )}
          </Field>
        ) : (
          <div className="settings-pair">
            <Bound label="Least" value={min} onChange={setMin} />
            <Bound label="Most" value={max} onChange={setMax} />
          </div>
        )}
        {make.error !== null && (
          <p className="field-problem" role="alert">
            {make.error.message}
          </p>
        )}
        <Button type="submit" look="primary" disabled={make.isPending}>
          Make it
        </Button>
      </form>
    </Dialog>
  );
}

function Bound({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  return (
    <Field label={label}>
      {(attributes) => (
        <input
          {...attributes}
          className="input"
          type="number"
          step="any"
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

function optional(text: string): number | null {
  return text === "" ? null : Number(text);
}
