import type { AnyRow, Kind, ScoreRow, UserRow } from "./rows";

/** Where a row leads: what `Link` takes. */
export interface Target {
  to: string;
  params: Record<string, string>;
  search: (before: Record<string, unknown>) => Record<string, unknown>;
}

const NO_LIST_STATE = ({ filters: _, q: __, order: ___, ...frame }: Record<string, unknown>) => frame;

/** The page of a row. A score leads to its step, a user to the user's threads. Null for a score of no step. */
export function targetOf(kind: Kind, row: AnyRow, project: string): Target | null {
  if (kind === "users") {
    const { identifier } = row as UserRow;
    const filters = [{ field: "participantIdentifiers", operator: "in", value: [identifier] }];
    return {
      to: "/p/$project/threads",
      params: { project },
      search: (before) => ({ ...NO_LIST_STATE(before), range: undefined, from: undefined, to: undefined, filters }),
    };
  }
  if (kind === "scores") {
    const { stepId } = row as ScoreRow;
    return stepId === null
      ? null
      : { to: "/p/$project/steps/$id", params: { project, id: stepId }, search: NO_LIST_STATE };
  }
  return { to: `/p/$project/${kind}/$id`, params: { project, id: row.id }, search: NO_LIST_STATE };
}
