import { type FormEvent, useState } from "react";
import type { Project } from "../api/session";
import { Button } from "../parts/Button";
import { Dialog } from "../parts/Dialog";
import { TextField } from "../parts/TextField";
import { Confirm } from "./Confirm";
import type { Tag } from "./tags";
import { useTagWork, workOn } from "./tagWork";

/** What a dialog about a tag is given. */
export interface TagDialog {
  project: Project;
  tag: Tag;
  all: readonly Tag[];
  /** How many of each kind are counted at most. */
  limit: number;
  onClose: () => void;
}

/** Another name for a tag, that of another tag maybe. */
export function RenameTag({ project, tag, all, limit, onClose }: TagDialog) {
  const [name, setName] = useState(tag.name);
  const known = all.find((other) => other.name === name.trim() && other.id !== tag.id);
  const rename = useTagWork(project.id, onClose);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    rename.mutate(workOn(project.id, tag, limit, name.trim()));
  };
  return (
    <Dialog title={`Rename “${tag.name}”`} onClose={onClose}>
      <form className="settings-form" onSubmit={submit}>
        <TextField
          label="New name"
          problem={rename.error?.message}
          hint={
            known === undefined
              ? "On all steps and threads that carry it."
              : `There is a tag “${known.name}” already: the two become one.`
          }
          required
          maxLength={255}
          value={name}
          onChange={setName}
        />
        <Button type="submit" look="primary" disabled={rename.isPending}>
          {rename.isPending ? "Renaming …" : known === undefined ? "Rename" : "Merge"}
        </Button>
      </form>
    </Dialog>
  );
}

/** Takes a tag from everything. */
export function DeleteTag({ project, tag, limit, onClose }: TagDialog) {
  const remove = useTagWork(project.id, onClose);
  return (
    <Confirm
      title={`Delete “${tag.name}”?`}
      action={remove.isPending ? "Deleting …" : "Delete"}
      busy={remove.isPending}
      problem={remove.error?.message}
      onConfirm={() => remove.mutate(workOn(project.id, tag, limit, null))}
      onClose={onClose}
    >
      <p>It goes from every step and thread that carries it. They stay.</p>
    </Confirm>
  );
}
