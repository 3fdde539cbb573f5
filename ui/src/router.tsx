import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { BASE } from "./api/address";
import { sessionQuery } from "./api/session";
import { Failure } from "./frame/Failure";
import { frameSearch } from "./frame/range";
import { Shell } from "./frame/Shell";
import { Notice } from "./parts/Notice";
import { traceQuery, type Way } from "./trace/query";

interface Context {
  client: QueryClient;
}

const root = createRootRouteWithContext<Context>()({
  component: Outlet,
  errorComponent: Failure,
  notFoundComponent: () => <Notice title="There is no such page" />,
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (search: Record<string, unknown>): { next?: string } =>
    typeof search.next === "string" && /^\/(?!\/)/.test(search.next) ? { next: search.next } : {},
  component: lazyRouteComponent(() => import("./signin/SignInPage"), "SignInPage"),
});

const invitation = createRoute({
  getParentRoute: () => root,
  path: "/invitation",
  component: lazyRouteComponent(() => import("./signin/InvitationPage"), "InvitationPage"),
});

/** Everything below is for who is signed in. */
const signedIn = createRoute({
  getParentRoute: () => root,
  id: "signed-in",
  beforeLoad: async ({ context, location }) => {
    const session = await context.client.ensureQueryData(sessionQuery);
    if (session.user === null) throw redirect({ to: "/sign-in", search: { next: location.href } });
    return { session };
  },
});

const start = createRoute({
  getParentRoute: () => signedIn,
  path: "/",
  beforeLoad: ({ context }) => {
    const project = context.session.projects[0];
    if (project === undefined) return;
    // A range, since all time counts every quarter of an hour that there is.
    throw redirect({ to: "/p/$project/dashboard", params: { project: project.id }, search: { range: "30d" } });
  },
  component: () => (
    <Notice title="You are in no project yet">
      <p>An admin of a project can invite you.</p>
    </Notice>
  ),
});

const find = (["threads", "runs", "generations", "steps"] as const).map((kind) =>
  createRoute({
    getParentRoute: () => signedIn,
    path: `/${kind}/$id`,
    component: lazyRouteComponent(() => import("./frame/FindPage"), "FindPage"),
  }),
);

const project = createRoute({
  getParentRoute: () => signedIn,
  path: "/p/$project",
  validateSearch: frameSearch,
  component: Shell,
  errorComponent: Failure,
});

const dashboard = createRoute({
  getParentRoute: () => project,
  path: "/dashboard",
  component: lazyRouteComponent(() => import("./dashboard/DashboardPage"), "DashboardPage"),
});

const threads = createRoute({
  getParentRoute: () => project,
  path: "/threads",
  component: lazyRouteComponent(() => import("./lists/pages"), "ThreadsPage"),
});

const runs = createRoute({
  getParentRoute: () => project,
  path: "/runs",
  component: lazyRouteComponent(() => import("./lists/pages"), "RunsPage"),
});

const generations = createRoute({
  getParentRoute: () => project,
  path: "/generations",
  component: lazyRouteComponent(() => import("./lists/pages"), "GenerationsPage"),
});

const steps = createRoute({
  getParentRoute: () => project,
  path: "/steps",
  component: lazyRouteComponent(() => import("./lists/pages"), "StepsPage"),
});

const scores = createRoute({
  getParentRoute: () => project,
  path: "/scores",
  component: lazyRouteComponent(() => import("./lists/pages"), "ScoresPage"),
});

const users = createRoute({
  getParentRoute: () => project,
  path: "/users",
  component: lazyRouteComponent(() => import("./lists/pages"), "UsersPage"),
});

/** Asks for a trace while its page is still on its way; not for a link that is only pointed at. */
function askForTrace(way: Way) {
  return ({ context, params, cause }: { context: Context; params: { project: string; id: string }; cause: string }) => {
    if (cause === "enter") void context.client.prefetchQuery(traceQuery(params.project, way, params.id));
  };
}

const thread = createRoute({
  getParentRoute: () => project,
  path: "/threads/$id",
  loader: askForTrace("thread"),
  component: lazyRouteComponent(() => import("./trace/pages"), "ThreadPage"),
});

const run = createRoute({
  getParentRoute: () => project,
  path: "/runs/$id",
  loader: askForTrace("run"),
  component: lazyRouteComponent(() => import("./trace/pages"), "RunPage"),
});

const generation = createRoute({
  getParentRoute: () => project,
  path: "/generations/$id",
  loader: askForTrace("step"),
  component: lazyRouteComponent(() => import("./trace/pages"), "StepPage"),
});

const step = createRoute({
  getParentRoute: () => project,
  path: "/steps/$id",
  loader: askForTrace("step"),
  component: lazyRouteComponent(() => import("./trace/pages"), "StepPage"),
});

const compare = createRoute({
  getParentRoute: () => project,
  path: "/compare",
  validateSearch: (search: Record<string, unknown>): { a?: string; b?: string } => ({
    ...(typeof search.a === "string" ? { a: search.a } : {}),
    ...(typeof search.b === "string" ? { b: search.b } : {}),
  }),
  component: lazyRouteComponent(() => import("./step/ComparePage"), "ComparePage"),
});

const settings = createRoute({
  getParentRoute: () => project,
  path: "/settings",
  component: lazyRouteComponent(() => import("./settings/SettingsPage"), "SettingsPage"),
});

const settingsSection = createRoute({
  getParentRoute: () => project,
  path: "/settings/$section",
  component: lazyRouteComponent(() => import("./settings/SettingsPage"), "SettingsPage"),
});

const tree = root.addChildren([
  signIn,
  invitation,
  signedIn.addChildren([
    start,
    ...find,
    project.addChildren([
      dashboard,
      threads,
      runs,
      generations,
      steps,
      scores,
      users,
      thread,
      run,
      generation,
      step,
      compare,
      settings,
      settingsSection,
    ]),
  ]),
]);

/** The router of the page; its addresses are below the server's base path. */
export function makeRouter(client: QueryClient) {
  return createRouter({
    routeTree: tree,
    basepath: BASE,
    context: { client },
    defaultPreload: "intent",
    defaultPreloadStaleTime: 0,
    defaultErrorComponent: Failure,
    scrollRestoration: true,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
