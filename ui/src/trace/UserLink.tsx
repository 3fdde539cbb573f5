import { Link } from "@tanstack/react-router";
import { useProjectId } from "../frame/project";
import { initials } from "./initials";

interface User {
  identifier: string;
  metadata?: Record<string, unknown>;
}

/** A user by initials and name, leading to the threads of theirs (P-LOG-19). */
export function UserLink({ user }: { user: User }) {
  const project = useProjectId();
  const name = nameOf(user);
  const filters = [{ field: "participantIdentifiers", operator: "in", value: [user.identifier] }];
  return (
    <Link
      to="/p/$project/threads"
      params={{ project }}
      search={{ filters } as never}
      className="user-link"
      title={`Threads of ${user.identifier}`}
    >
      <span className="avatar" aria-hidden>
        {initials(name)}
      </span>
      <span dir="auto">{name}</span>
    </Link>
  );
}

/** The name that the application gave, else the identifier. */
function nameOf({ identifier, metadata }: User): string {
  const name = metadata?.name;
  return typeof name === "string" && name.trim() !== "" ? name : identifier;
}
