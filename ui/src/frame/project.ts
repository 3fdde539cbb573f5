import { useParams } from "@tanstack/react-router";
import { type Project, useSession } from "../api/session";

/** The public id of the project in the address. Only below `/p/$project`. */
export function useProjectId(): string {
  const { project } = useParams({ strict: false });
  if (project === undefined) throw new Error("This part belongs below /p/$project");
  return project;
}

/** The project in the address as the session knows it: its name and one's role in it. */
export function useProject(): Project | undefined {
  const id = useProjectId();
  return useSession()?.projects.find((project) => project.id === id);
}
