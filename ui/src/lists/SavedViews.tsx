import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useProjectId } from "../frame/project";
import { frameSearch } from "../frame/range";
import { Button } from "../parts/Button";
import { useKept } from "../parts/kept";
import { Menu } from "../parts/Menu";
import { listSearch } from "./listSearch";
import type { Kind } from "./rows";

interface View {
  name: string;
  search: Record<string, unknown>;
}

const NO_VIEWS: View[] = [];

/** Named states of a list that this browser keeps: filters, search, order, time range and environment. */
export function SavedViews({ kind }: { kind: Kind }) {
  const project = useProjectId();
  const [views, keep] = useKept(`lists.views.${project}.${kind}`, NO_VIEWS);
  const [name, setName] = useState("");
  const given = useSearch({ strict: false }) as Record<string, unknown>;
  const navigate = useNavigate();
  return (
    <Menu look="plain" label="Views" name="Saved views">
      {(close) => {
        const save = (event: FormEvent) => {
          event.preventDefault();
          if (name.trim() === "") return;
          const view = { name: name.trim(), search: { ...frameSearch(given), ...listSearch(given) } };
          keep([...views.filter((other) => other.name !== view.name), view]);
          setName("");
          close();
        };
        return (
          <>
            {views.map((view) => (
              <div key={view.name} className="saved-view">
                <button
                  type="button"
                  className="menu-item"
                  onClick={() => {
                    navigate({ to: ".", search: () => view.search } as never);
                    close();
                  }}
                >
                  {view.name}
                </button>
                <button
                  type="button"
                  className="chip-remove"
                  aria-label={`Forget the view ${view.name}`}
                  onClick={() => keep(views.filter((other) => other !== view))}
                >
                  ×
                </button>
              </div>
            ))}
            <form className="save-view" onSubmit={save}>
              <input
                className="input"
                aria-label="Name of this view"
                placeholder="Name of this view"
                value={name}
                onChange={(event) => setName(event.target.value)}
              />
              <Button type="submit">Save</Button>
            </form>
          </>
        );
      }}
    </Menu>
  );
}
