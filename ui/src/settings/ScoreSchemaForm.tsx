import { type FormEvent, useState } from "react";
import { graphql } from "../api/graphql";
import type { Project } from "../api/session";
import { Button } from "../parts/Button";
import { Dialog } from "../parts/Dialog";
import { Field } from "../parts/Field";
import { TextField } from "../parts/TextField";
import { parseCategories, writeCategories } from "./categories";
import { useChange } from "./change";
import { type ScoreSchema, schemasQuery } from "./scoreSchemas";

const CREATE = `mutation($name: String!, $type: ScoreSchemaType!, $description: String,
  $categories: [ScoreCategoryInput!], $min: Float, $max: Float) {
  saved: createScoreSchema(name: $name, type: $type, description: $description, categories: $categories, min: $min, max: $max) {
    id } }`;

const UPDATE = `mutation($id: String!, $name: String, $description: String,
  $categories: [ScoreCategoryInput!], $min: Float, $max: Float) {
  saved: updateScoreSchema(id: $id, name: $name, description: $description, categories: $categories, min: $min, max: $max) {
    id } }`;

interface Props {
  project: Project;
  /** The schema to change, null for a new one. */
  schema: ScoreSchema | null;
  onClose: () => void;
}

/** A score schema: a list of categories, or a range. Which of the two it is stays. */
export function ScoreSchemaForm({ project, schema, onClose }: Props) {
  const before = schema?.categories == null ? "Good = 1\nBad = 0" : writeCategories(schema.categories);
  const [name, setName] = useState(schema?.name ?? "");
  const [about, setAbout] = useState(schema?.description ?? "");
  const [kind, setKind] = useState(schema?.type ?? "CATEGORICAL");
  const [listed, setListed] = useState(before);
  const [min, setMin] = useState(String(schema?.min ?? 0));
  const [max, setMax] = useState(String(schema?.max ?? 1));
  const rule = () => {
    if (kind === "CONTINUOUS") return { min: Number(min), max: Number(max) };
    // A list that was not touched stays as it is, whatever its labels are like.
    return schema !== null && listed === before ? {} : { categories: parseCategories(listed) };
  };
  const save = useChange(
    async () => {
      const { saved } = await graphql<{ saved: unknown }>(project.id, schema === null ? CREATE : UPDATE, {
        ...(schema === null ? { type: kind } : { id: schema.id }),
        name: name.trim(),
        description: about.trim(),
        ...rule(),
      });
      if (saved === null) throw new Error("The schema is not there any more.");
    },
    {
      renews: [schemasQuery(project.id).queryKey],
      said: () => `Saved the schema ${name.trim()}`,
      problem: "inline",
    },
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(undefined, { onSuccess: onClose });
  };
  return (
    <Dialog title={schema === null ? "New score schema" : `The schema “${schema.name}”`} onClose={onClose}>
      <form className="settings-form" onSubmit={submit}>
        <TextField
          label="Name"
          hint={schema === null ? undefined : "Scores so far keep the name that they have."}
          required
          maxLength={255}
          value={name}
          onChange={setName}
        />
        <TextField label="About" hint="What scorers read beside it." value={about} onChange={setAbout} />
        <Field
          label="Values"
          hint={schema === null ? undefined : "They stay of this kind: for the other, make another schema."}
        >
          {(attributes) => (
            <select
              {...attributes}
              className="input"
              disabled={schema !== null}
              value={kind}
              onChange={(event) => setKind(event.target.value as typeof kind)}
            >
              <option value="CATEGORICAL">One of a list</option>
              <option value="CONTINUOUS">A number in a range</option>
            </select>
          )}
        </Field>
        {kind === "CATEGORICAL" ? (
          <Field label="Categories" hint="One a line, each with its number: Good = 1: thanks, or tips.">
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
        {save.error !== null && (
          <p className="field-problem" role="alert">
            {save.error.message}
          </p>
        )}
        <Button type="submit" look="primary" disabled={save.isPending}>
          Save
        </Button>
      </form>
    </Dialog>
  );
}

function Bound({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  return <TextField label={label} type="number" step="any" required value={value} onChange={onChange} />;
}
