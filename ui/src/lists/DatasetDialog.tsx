import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useProject, useProjectId } from "../frame/project";
import { Button } from "../parts/Button";
import { Dialog } from "../parts/Dialog";
import { Field } from "../parts/Field";
import { sayError } from "../parts/toasts";
import { refusal } from "../settings/rights";
import { createDataset, type Dataset, datasetsOf } from "./changeRows";
import type { Kind } from "./rows";

interface Props {
  kind: Kind;
  number: number;
  onApply: (dataset: Dataset) => void;
  onClose: () => void;
}

/** Which dataset the selected rows go into; a new one can be made here. */
export function DatasetDialog({ kind, number, onApply, onClose }: Props) {
  const project = useProjectId();
  const mine = useProject();
  const client = useQueryClient();
  const key = ["datasets", project];
  const { data, error } = useQuery({ queryKey: key, queryFn: () => datasetsOf(project), staleTime: 0 });
  const [chosen, setChosen] = useState("");
  const [name, setName] = useState("");
  const datasets = data ?? [];
  const dataset = datasets.find(({ id }) => id === (chosen || datasets[0]?.id));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (dataset !== undefined) onApply(dataset);
  };
  const make = async (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() === "") return;
    try {
      const made = await createDataset(project, name.trim(), kind === "generations" ? "generation" : "key_value");
      await client.invalidateQueries({ queryKey: key });
      setChosen(made.id);
      setName("");
    } catch (problem) {
      sayError(problem);
    }
  };
  return (
    <Dialog title={`Add ${number === 1 ? "1 row" : `${number} rows`} to a dataset`} onClose={onClose}>
      <form className="dialog-form" onSubmit={submit}>
        <Field label="Dataset" problem={error?.message} hint={data?.length === 0 ? "There is none yet." : ""}>
          {(attributes) => (
            <select
              {...attributes}
              className="input"
              value={dataset?.id ?? ""}
              onChange={(event) => setChosen(event.target.value)}
            >
              {datasets.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.name ?? one.id} {one.type === "generation" ? "(generations)" : ""}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Button type="submit" look="primary" refused={dataset === undefined ? "Choose a dataset." : undefined}>
          Add
        </Button>
      </form>
      <form className="save-view" onSubmit={make}>
        <input
          className="input"
          aria-label="Name of a new dataset"
          placeholder="A new dataset"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Button type="submit" refused={mine && refusal(mine, "datasets")}>
          Create
        </Button>
      </form>
    </Dialog>
  );
}
