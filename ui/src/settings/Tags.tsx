import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { request } from "../api/request";
import type { Project } from "../api/session";
import type { Filter } from "../lists/filter";
import { Button } from "../parts/Button";
import { Dialog } from "../parts/Dialog";
import { Field } from "../parts/Field";
import { count } from "../parts/format";
import { Menu } from "../parts/Menu";
import { Confirm } from "./Confirm";
import { useChange } from "./change";
import { refusal } from "./rights";
import { TagName } from "./TagName";
import { COLORS, type Color, type Tag, tagsQuery } from "./tags";
import { untilDone } from "./untilDone";

/** The tags of a project (P-SET-03): add, filter, colour, rename, delete. */
export function Tags({ project }: { project: Project }) {
  const { data, error } = useQuery(tagsQuery(project.id));
  const [wanted, setWanted] = useState("");
  const [renaming, setRenaming] = useState<Tag | null>(null);
  const [deleting, setDeleting] = useState<Tag | null>(null);
  const shown = data?.tags.filter(({ name }) => name.toLowerCase().includes(wanted.trim().toLowerCase())) ?? [];
  return (
    <>
      <NewTag project={project} />
      {error !== null && <p role="alert">{error.message}</p>}
      {data !== undefined && data.tags.length > 0 && (
        <>
          <input
            className="input settings-filter"
            type="search"
            aria-label="Filter the tags"
            placeholder={`Filter ${count(data.tags.length)} tags`}
            value={wanted}
            onChange={(event) => setWanted(event.target.value)}
          />
          <table className="table">
            <thead>
              <tr>
                <th>Tag</th>
                <th className="number">Steps</th>
                <th className="number">Threads</th>
                <th aria-label="Actions" />
              </tr>
            </thead>
            <tbody>
              {shown.map((tag) => (
                <TagRow
                  key={tag.id}
                  project={project}
                  tag={tag}
                  limit={data.countLimit}
                  onRename={setRenaming}
                  onDelete={setDeleting}
                />
              ))}
            </tbody>
          </table>
          {shown.length === 0 && <p className="muted">No tag has this in its name.</p>}
        </>
      )}
      {data?.tags.length === 0 && (
        <p className="muted">No tags yet. Programs send them with steps and threads, people add them in the lists.</p>
      )}
      {renaming !== null && (
        <Rename project={project} tag={renaming} all={data?.tags ?? []} onClose={() => setRenaming(null)} />
      )}
      {deleting !== null && <Delete project={project} tag={deleting} onClose={() => setDeleting(null)} />}
    </>
  );
}

/** Keys of what shows tags: the list here, and logs. */
const renews = (project: string) => [["tags", project], ["logs"]];

function NewTag({ project }: { project: Project }) {
  const [name, setName] = useState("");
  const refused = refusal(project, "annotations");
  const add = useChange(
    () => request("api/tags", { method: "POST", project: project.id, body: { name: name.trim() } }),
    { renews: [["tags", project.id]], said: () => `Added ${name.trim()}`, problem: "inline" },
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (refused === undefined) add.mutate(undefined, { onSuccess: () => setName("") });
  };
  return (
    <form className="settings-line" onSubmit={submit}>
      <Field label="New tag" problem={add.error?.message}>
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
      <Button type="submit" refused={refused} disabled={add.isPending}>
        Add
      </Button>
    </form>
  );
}

interface TagRowProps {
  project: Project;
  tag: Tag;
  limit: number;
  onRename: (tag: Tag) => void;
  onDelete: (tag: Tag) => void;
}

function TagRow({ project, tag, limit, onRename, onDelete }: TagRowProps) {
  const refused = refusal(project, "annotations");
  const paint = useChange(
    (color: Color | null) => request(`api/tags/${tag.id}`, { method: "PATCH", project: project.id, body: { color } }),
    { renews: renews(project.id) },
  );
  const many = (found: number) => (found >= limit ? `${count(limit)}+` : count(found));
  return (
    <tr>
      <td>
        <TagName name={tag.name} />
      </td>
      <td className="number">
        <Link to="/p/$project/steps" params={{ project: project.id }} search={carrying(tag)}>
          {many(tag.stepCount)}
        </Link>
      </td>
      <td className="number">
        <Link to="/p/$project/threads" params={{ project: project.id }} search={carrying(tag)}>
          {many(tag.threadCount)}
        </Link>
      </td>
      <td className="table-actions">
        <Menu label="Colour" name={`Colour of ${tag.name}`} look="plain">
          {(close) =>
            [null, ...COLORS].map((color) => (
              <button
                key={color ?? "none"}
                type="button"
                className="menu-item"
                aria-current={color === tag.color}
                aria-disabled={refused !== undefined}
                title={refused}
                onClick={() => {
                  if (refused === undefined) paint.mutate(color);
                  close();
                }}
              >
                <span className={color === null ? "tag-dot" : `tag-dot tag-${color}`} />
                {color ?? "none"}
              </button>
            ))
          }
        </Menu>
        <Button look="plain" aria-label={`Rename ${tag.name}`} refused={refused} onClick={() => onRename(tag)}>
          Rename
        </Button>
        <Button look="plain" aria-label={`Delete ${tag.name}`} refused={refused} onClick={() => onDelete(tag)}>
          Delete
        </Button>
      </td>
    </tr>
  );
}

/** The address of the lists behind the counts. */
function carrying({ name }: Tag): object {
  const filters: Filter[] = [{ field: "tags", operator: "in", value: [name] }];
  return { filters };
}

interface DeedProps {
  project: Project;
  tag: Tag;
  onClose: () => void;
}

function Rename({ project, tag, all, onClose }: DeedProps & { all: Tag[] }) {
  const [name, setName] = useState(tag.name);
  const known = all.find((other) => other.name === name.trim() && other.id !== tag.id);
  const rename = useChange(
    () =>
      untilDone(() =>
        request<{ done: boolean }>(`api/tags/${tag.id}`, {
          method: "PATCH",
          project: project.id,
          body: { name: name.trim() },
        }),
      ),
    { renews: renews(project.id), said: () => `Renamed ${tag.name} to ${name.trim()}`, problem: "inline" },
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    rename.mutate(undefined, { onSuccess: onClose });
  };
  return (
    <Dialog title={`Rename “${tag.name}”`} onClose={onClose}>
      <form className="settings-form" onSubmit={submit}>
        <Field
          label="New name"
          problem={rename.error?.message}
          hint={
            known === undefined
              ? "On all steps and threads that carry it."
              : `There is a tag “${known.name}” already: the two become one.`
          }
        >
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
        <Button type="submit" look="primary" disabled={rename.isPending}>
          {rename.isPending ? "Renaming …" : known === undefined ? "Rename" : "Merge"}
        </Button>
      </form>
    </Dialog>
  );
}

function Delete({ project, tag, onClose }: DeedProps) {
  const remove = useChange(
    () => untilDone(() => request<{ done: boolean }>(`api/tags/${tag.id}`, { method: "DELETE", project: project.id })),
    { renews: renews(project.id), said: () => `Deleted ${tag.name}`, problem: "inline" },
  );
  return (
    <Confirm
      title={`Delete “${tag.name}”?`}
      action={remove.isPending ? "Deleting …" : "Delete"}
      busy={remove.isPending}
      problem={remove.error?.message}
      onConfirm={() => remove.mutate(undefined, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>It goes from every step and thread that carries it. They stay.</p>
    </Confirm>
  );
}
