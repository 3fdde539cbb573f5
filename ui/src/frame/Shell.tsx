import { Link, Outlet, useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useFeed } from "../api/live";
import { useSession } from "../api/session";
import { Button } from "../parts/Button";
import { Glyph, type GlyphName } from "../parts/Glyph";
import { useKept } from "../parts/kept";
import { type Shortcut, useShortcuts } from "../parts/keys";
import { Notice } from "../parts/Notice";
import { AccountMenu } from "../signin/AccountMenu";
import { ProjectSwitcher } from "../signin/ProjectSwitcher";
import { EnvironmentChoice } from "./EnvironmentChoice";
import { Help } from "./Help";
import { useProject, useProjectId } from "./project";
import { frameSearch } from "./range";
import { ServerStates } from "./states/ServerStates";
import { TimeRange } from "./TimeRange";
import { useLooks } from "./theme";

const AREAS = [
  { to: "/p/$project/dashboard", name: "Dashboard", glyph: "dashboard" },
  { to: "/p/$project/threads", name: "Threads", glyph: "threads" },
  { to: "/p/$project/runs", name: "Runs", glyph: "runs" },
  { to: "/p/$project/generations", name: "Generations", glyph: "generations" },
  { to: "/p/$project/steps", name: "Steps", glyph: "steps" },
  { to: "/p/$project/scores", name: "Scores", glyph: "scores" },
  { to: "/p/$project/users", name: "Users", glyph: "users" },
  { to: "/p/$project/settings", name: "Settings", glyph: "settings" },
] as const satisfies readonly { to: string; name: string; glyph: GlyphName }[];

type AreaRow = { [Key in keyof (typeof AREAS)[number]]: (typeof AREAS)[number][Key] };

/** The frame of a project's pages: areas on the left, project and time range above, the page in the middle. */
export function Shell() {
  const [narrow, setNarrow] = useKept("rail.narrow", false);
  const [help, setHelp] = useState(false);
  const session = useSession();
  const project = useProject();
  useLooks();
  useShortcuts(useMemo<Shortcut[]>(() => [{ key: "?", about: "Show the shortcuts", run: () => setHelp(true) }], []));
  return (
    <div className={narrow ? "shell shell-narrow" : "shell"}>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <nav className="rail" aria-label="Areas">
        {AREAS.map(({ to, name, glyph }) => (
          <Area key={to} to={to} name={name} glyph={glyph} />
        ))}
        <span className="rail-space" />
        <Button
          look="plain"
          aria-pressed={narrow}
          aria-label={narrow ? "Widen the side bar" : "Narrow the side bar"}
          onClick={() => setNarrow(!narrow)}
        >
          <Glyph name="rail" />
        </Button>
      </nav>
      <header className="bar">
        <ProjectSwitcher />
        <EnvironmentChoice />
        <TimeRange />
        <span className="bar-space" />
        <LiveSwitch />
        <Button look="plain" aria-label="Help" onClick={() => setHelp(true)}>
          ?
        </Button>
        <AccountMenu />
      </header>
      <ServerStates />
      <main className="main" id="main" tabIndex={-1}>
        {session?.user && project === undefined ? <NoProject /> : <Outlet />}
      </main>
      {help && <Help onClose={() => setHelp(false)} />}
    </div>
  );
}

function Area({ to, name, glyph }: AreaRow) {
  const project = useProjectId();
  return (
    <Link
      to={to}
      params={{ project }}
      search={(before) => frameSearch(before as Record<string, unknown>)}
      className="rail-area"
      activeProps={{ "aria-current": "page" }}
      activeOptions={{ includeSearch: false }}
      title={name}
    >
      <Glyph name={glyph} />
      <span className="rail-name">{name}</span>
    </Link>
  );
}

function LiveSwitch() {
  const { live } = frameSearch(useSearch({ strict: false }) as Record<string, unknown>);
  const navigate = useNavigate();
  const on = live !== false;
  useFeed(useProjectId(), on);
  return (
    <Button
      look="plain"
      aria-pressed={on}
      title={on ? "New data appears by itself" : "New data waits for a reload"}
      onClick={() =>
        navigate({
          to: ".",
          search: (before: Record<string, unknown>) => ({ ...before, live: on ? false : undefined }),
        } as never)
      }
    >
      <Glyph name="live" /> Live
    </Button>
  );
}

function NoProject() {
  return (
    <Notice title="There is no such project here">
      <p>It was deleted, or you are no member of it. An admin of the project can invite you.</p>
    </Notice>
  );
}
