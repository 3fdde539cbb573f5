import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useProjectId } from "../frame/project";
import { Button } from "../parts/Button";
import { Dialog } from "../parts/Dialog";
import { Field } from "../parts/Field";
import { type ScoreSchema, schemasQuery } from "../settings/scoreSchemas";
import type { NewScore } from "./changeRows";
import { useFacets } from "./facets";

interface Props {
  number: number;
  onApply: (score: NewScore) => void;
  onClose: () => void;
}

/** One score for all selected rows, by a score schema or with a name and a value of its own. */
export function ScoreDialog({ number, onApply, onClose }: Props) {
  const project = useProjectId();
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const [comment, setComment] = useState("");
  const names = useFacets("scores", "name", "");
  const schemas = useQuery(schemasQuery(project)).data;
  const schema = schemas?.find((one) => one.name === name.trim());
  const categories = schema?.categories?.length ? schema.categories : null;
  const problem =
    name.trim() === "" ? "Give it a name." : value.trim() === "" ? "Give a value." : wrong(value, categories);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (problem !== undefined) return;
    const said = categories === null ? { value: Number(value) } : { label: value };
    onApply({ name: name.trim(), ...said, ...(comment.trim() === "" ? {} : { comment: comment.trim() }) });
  };
  return (
    <Dialog title={`Score ${number === 1 ? "1 row" : `${number} rows`}`} onClose={onClose}>
      <form className="dialog-form" onSubmit={submit}>
        <Field label="Name" hint={schema?.description ?? ""}>
          {(attributes) => (
            <>
              <input
                {...attributes}
                className="input"
                list="score-names"
                value={name}
                onChange={(event) => {
                  setName(event.target.value);
                  setValue("");
                }}
              />
              <datalist id="score-names">
                {[...new Set([...(schemas?.map((one) => one.name) ?? []), ...names])].map((one) => (
                  <option key={one} value={one} />
                ))}
              </datalist>
            </>
          )}
        </Field>
        <Field label="Value" hint={bounds(schema)}>
          {(attributes) =>
            categories === null ? (
              <input
                {...attributes}
                className="input"
                type="number"
                step="any"
                value={value}
                min={schema?.min ?? undefined}
                max={schema?.max ?? undefined}
                onChange={(event) => setValue(event.target.value)}
              />
            ) : (
              <select
                {...attributes}
                className="input"
                value={value}
                onChange={(event) => setValue(event.target.value)}
              >
                <option value="">choose</option>
                {categories.map(({ label, value: number }) => (
                  <option key={label} value={label}>
                    {label} ({number})
                  </option>
                ))}
              </select>
            )
          }
        </Field>
        <Field label="Comment">
          {(attributes) => (
            <textarea
              {...attributes}
              className="input"
              rows={2}
              value={comment}
              onChange={(event) => setComment(event.target.value)}
            />
          )}
        </Field>
        <Button type="submit" look="primary" refused={problem}>
          Score
        </Button>
      </form>
    </Dialog>
  );
}

function wrong(value: string, categories: ScoreSchema["categories"]): string | undefined {
  return categories === null && !Number.isFinite(Number(value)) ? "The value is a number." : undefined;
}

function bounds(schema: ScoreSchema | undefined): string {
  if (schema === undefined || (schema.min === null && schema.max === null)) return "";
  return `From ${schema.min ?? "any"} to ${schema.max ?? "any"}`;
}
