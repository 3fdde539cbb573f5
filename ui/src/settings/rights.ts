import { type Project, type Resource, ROLE_NAMES, type Role } from "../api/session";

/** Why one may not change `resource` in `project`, undefined for who may: for `refused` of buttons. */
export function refusal({ role, rights }: Project, resource: Resource): string | undefined {
  return rights[resource] === "rw" ? undefined : `The role ${ROLE_NAMES[role]} may not change this.`;
}

const ROLES = Object.keys(ROLE_NAMES) as Role[];

/** The roles that one may give to others: none that may do more than one's own. */
export function givenBy(own: Role): Role[] {
  return ROLES.slice(ROLES.indexOf(own));
}

/** Whether one may see `resource` in `project`. */
export function maySee({ rights }: Project, resource: Resource): boolean {
  return rights[resource] !== "none";
}
