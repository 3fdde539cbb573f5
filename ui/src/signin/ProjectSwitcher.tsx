import { Link, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { ROLE_NAMES, useSession } from "../api/session";
import { useProject } from "../frame/project";
import { Menu } from "../parts/Menu";
import { areaOf } from "./area";
import "./signin.css";

const NewProject = lazy(() => import("./NewProject"));

/** The project in the top bar; the others keep the area that is open. */
export function ProjectSwitcher() {
  const [making, setMaking] = useState(false);
  const current = useProject();
  return (
    <>
      <Menu
        label={<span className="project-current">{current?.name ?? "No project"}</span>}
        name={`Project: ${current?.name ?? "No project"}`}
      >
        {(close) => (
          <>
            <Projects current={current?.id} onChosen={close} />
            <hr className="menu-rule" />
            <button
              type="button"
              className="menu-item"
              onClick={() => {
                close();
                setMaking(true);
              }}
            >
              New project …
            </button>
          </>
        )}
      </Menu>
      {making && (
        <Suspense>
          <NewProject onClose={() => setMaking(false)} />
        </Suspense>
      )}
    </>
  );
}

/** So many projects are found by looking. */
const FEW = 8;

/** The projects of who is signed in; of many, those that have what was typed in their name. */
function Projects({ current, onChosen }: { current: string | undefined; onChosen: () => void }) {
  const [wanted, setWanted] = useState("");
  const projects = useSession()?.projects ?? [];
  const area = useRouterState({ select: ({ location }) => areaOf(location.pathname) });
  const shown = projects.filter(({ name }) => name.toLowerCase().includes(wanted.trim().toLowerCase()));
  return (
    <>
      {projects.length > FEW && (
        <input
          className="input project-filter"
          type="search"
          aria-label="Find a project"
          placeholder="Find a project"
          value={wanted}
          onChange={(event) => setWanted(event.target.value)}
        />
      )}
      {shown.map(({ id, name, role }) => (
        <Link
          key={id}
          className="menu-item"
          to={`/p/$project/${area}` as "/p/$project/dashboard"}
          params={{ project: id }}
          aria-current={id === current}
          onClick={onChosen}
        >
          <span className="project-name" dir="auto">
            {name}
          </span>
          <span className="muted">{ROLE_NAMES[role]}</span>
        </Link>
      ))}
    </>
  );
}
