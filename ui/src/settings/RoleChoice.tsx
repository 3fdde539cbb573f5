import { ROLE_NAMES, type Role } from "../api/session";
import { givenBy } from "./rights";

const ABOUT: Record<Role, string> = {
  ADMIN: "everything",
  AI_ENGINEER: "everything but project and members",
  DOMAIN_EXPERT: "reads logs; scores, tags, adds to datasets",
};

interface Props {
  value: Role;
  onChange: (role: Role) => void;
  /** One's own role: nobody gives away what they may not do themselves. */
  own?: Role;
  disabled?: boolean;
  /** Says what each role may do: where there is room. */
  explained?: boolean;
  /** Of the control around: `Field` gives them, a table a name. */
  attributes: { id?: string; "aria-label"?: string; "aria-describedby"?: string; title?: string | undefined };
}

/** The choice of one of the three roles (P-TEAM-01). */
export function RoleChoice({ value, onChange, own = "ADMIN", disabled = false, explained = false, attributes }: Props) {
  return (
    <select
      {...attributes}
      className="input"
      value={value}
      disabled={disabled}
      onChange={(event) => onChange(event.target.value as Role)}
    >
      {givenBy(own).map((role) => (
        <option key={role} value={role}>
          {ROLE_NAMES[role]}
          {explained ? ` – ${ABOUT[role]}` : ""}
        </option>
      ))}
    </select>
  );
}
