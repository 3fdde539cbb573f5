import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ComponentType, type FormEvent, useState } from "react";
import { request } from "../api/request";
import type { Project } from "../api/session";
import type { Filter } from "../lists/filter";
import { Button } from "../parts/Button";
import { count } from "../parts/format";
import { Menu } from "../parts/Menu";
import { TextField } from "../parts/TextField";
import { useChange } from "./change";
import { refusal } from "./rights";
import { DeleteTag, RenameTag, type TagDialog } from "./TagDialogs";
import { TagName } from "./TagName";
import { TagProgress } from "./TagProgress";
import { COLORS, type Color, showingTags, type Tag, type TagList, tagsQuery } from "./tags";
import { useUnfinished } from "./tagWork";

/** The tags of a project (P-SET-03): add, filter, colour, rename, delete. */
export function Tags({ project }: { project: Project }) {
  const { data, error } = useQuery(tagsQuery(project.id));
  const [wanted, setWanted] = useState("");
  const [asked, setAsked] = useState<Asked | null>(null);
  const { tags: all, countLimit: limit } = data ?? NONE;
  const unfinished = useUnfinished(project.id, all);
  const shown = all.filter(({ name }) => name.toLowerCase().includes(wanted.trim().toLowerCase()));
  return (
    <>
      <NewTag project={project} />
      {unfinished
        .filter(({ work }) => work.tag !== asked?.tag.id)
        .map(({ work, running }) => (
          <TagProgress key={work.tag} work={work} running={running} limit={limit} />
        ))}
      {error !== null && <p role="alert">{error.message}</p>}
      {all.length > 0 && (
        <>
          <input
            className="input settings-filter"
            type="search"
            aria-label="Filter the tags"
            placeholder={`Filter ${count(all.length)} tags`}
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
                  limit={limit}
                  busy={unfinished.some(({ work, running }) => running && work.tag === tag.id)}
                  onAsk={(Dialog) => setAsked({ tag, Dialog })}
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
      {asked !== null && (
        <asked.Dialog
          project={project}
          tag={asked.tag}
          all={all}
          limit={limit}
          // Not another one that was opened while the server began with this.
          onClose={() => setAsked((now) => (now === asked ? null : now))}
        />
      )}
    </>
  );
}

/** A dialog that is open, and the tag that it is about. */
interface Asked {
  tag: Tag;
  Dialog: ComponentType<TagDialog>;
}

const NONE: TagList = { tags: [], countLimit: 0 };

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
      <TextField
        label="New tag"
        problem={add.error?.message}
        required
        maxLength={255}
        value={name}
        onChange={setName}
      />
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
  /** It is renamed or deleted right now. */
  busy: boolean;
  onAsk: (dialog: Asked["Dialog"]) => void;
}

function TagRow({ project, tag, limit, busy, onAsk }: TagRowProps) {
  const refused = refusal(project, "annotations") ?? (busy ? "It is being renamed or deleted." : undefined);
  const paint = useChange(
    (color: Color | null) => request(`api/tags/${tag.id}`, { method: "PATCH", project: project.id, body: { color } }),
    { renews: showingTags(project.id) },
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
        <Button look="plain" aria-label={`Rename ${tag.name}`} refused={refused} onClick={() => onAsk(RenameTag)}>
          Rename
        </Button>
        <Button look="plain" aria-label={`Delete ${tag.name}`} refused={refused} onClick={() => onAsk(DeleteTag)}>
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
