import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { request, setCsrfToken } from "./request";

export type Role = "ADMIN" | "AI_ENGINEER" | "DOMAIN_EXPERT";

export const ROLE_NAMES: Record<Role, string> = {
  ADMIN: "Admin",
  AI_ENGINEER: "AI Engineer",
  DOMAIN_EXPERT: "Domain Expert",
};

export interface User {
  id: string;
  name: string;
  email: string | null;
  hasPassword: boolean;
}

export type Resource = "annotations" | "observability" | "datasets" | "prompts" | "credentials" | "project";
/** Nothing, read, read and add items, read and write. */
export type Right = "none" | "r" | "ra" | "rw";

export interface Project {
  id: string;
  name: string;
  role: Role;
  /** What the role may do, by the server's own table: to say it before it is tried. */
  rights: Record<Resource, Right>;
}

export interface Session {
  serverVersion: string;
  /** The build that the server serves now. */
  build: string | null;
  firstRun: boolean;
  user: User | null;
  csrfToken: string | null;
  projects: Project[];
}

/** The session, as the server describes it; `user` is null for who is signed out. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async ({ signal }) => kept(await request<Session>("api/session", { signal })),
  staleTime: 60_000,
});

/** Who is signed in; undefined while it is not known yet. */
export function useSession(): Session | undefined {
  return useQuery(sessionQuery).data;
}

/** What takes an answer that describes a new session (sign-in, link, invitation) and makes it the page's. */
export function useNewSession(): (session: Session) => void {
  const client = useQueryClient();
  return useCallback((session: Session) => client.setQueryData(sessionQuery.queryKey, kept(session)), [client]);
}

/** Ends the session and forgets all that was read in it. */
export function useSignOut(): () => Promise<void> {
  const client = useQueryClient();
  return useCallback(async () => {
    await request("api/session", { method: "DELETE" });
    setCsrfToken(null);
    client.clear();
  }, [client]);
}

function kept(session: Session): Session {
  setCsrfToken(session.csrfToken);
  return session;
}
