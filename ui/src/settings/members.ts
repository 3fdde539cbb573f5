import { queryOptions } from "@tanstack/react-query";
import { request } from "../api/request";
import type { Role } from "../api/session";

export interface Member {
  userId: string;
  name: string;
  email: string | null;
  role: Role;
  joinedAt: string;
  lastSeenAt: string | null;
}

export interface Invitation {
  id: string;
  email: string;
  role: Role;
  createdAt: string;
  expiresAt: string;
  invitedBy: string | null;
}

interface Members {
  members: Member[];
  invitations: Invitation[];
}

/** Who is in a project, and who is invited. */
export const membersQuery = (project: string) =>
  queryOptions({
    queryKey: ["members", project],
    queryFn: ({ signal }) => request<Members>("api/members", { project, signal }),
  });
