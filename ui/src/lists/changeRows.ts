import { graphql } from "../api/graphql";
import { request } from "../api/request";
import { say, sayError } from "../parts/toasts";
import type { Kind } from "./rows";

interface Result {
  id: string;
  ok: boolean;
  message?: string;
}

interface Answer {
  results: Result[];
}

/** A score for each of the rows. */
export interface NewScore {
  name: string;
  value?: number;
  label?: string;
  comment?: string;
}

export interface Dataset {
  id: string;
  name: string | null;
  type: "key_value" | "generation";
}

/** Gives tags to rows and takes tags from them. */
export async function changeTags(project: string, kind: Kind, ids: string[], add: string[], remove: string[]) {
  const { results } = await request<Answer>(`api/logs/${kind}/tags`, {
    method: "POST",
    project,
    body: { ids, add, remove },
  });
  told(results, "tagged");
}

export async function addScores(project: string, stepIds: string[], score: NewScore) {
  const { results } = await request<Answer>("api/logs/scores", {
    method: "POST",
    project,
    body: { stepIds, type: "HUMAN", ...score },
  });
  told(results, "scored");
}

export async function addToDataset(project: string, stepIds: string[], dataset: Dataset) {
  const { results } = await request<Answer>(`api/logs/datasets/${encodeURIComponent(dataset.id)}/items`, {
    method: "POST",
    project,
    body: { stepIds },
  });
  told(results, `added to ${dataset.name ?? "the dataset"}`);
}

/** The newest datasets of a project. */
export async function datasetsOf(project: string): Promise<Dataset[]> {
  const { datasets } = await graphql<{ datasets: { edges: { node: Dataset }[] } }>(
    project,
    "{ datasets(first: 200) { edges { node { id name type } } } }",
  );
  return datasets.edges.map(({ node }) => node);
}

export async function createDataset(project: string, name: string, type: Dataset["type"]): Promise<Dataset> {
  const { createDataset: made } = await graphql<{ createDataset: Dataset }>(
    project,
    "mutation($name: String!, $type: DatasetType) { createDataset(name: $name, type: $type) { id name type } }",
    { name, type },
  );
  return made;
}

/** Says how many were done, and of those that were refused why the first was. */
function told(results: Result[], what: string): void {
  const done = results.filter(({ ok }) => ok).length;
  if (done > 0) say(`${done} ${what}`);
  const refused = results.filter(({ ok }) => !ok);
  if (refused.length > 0) sayError(new Error(`${refused.length} not ${what}: ${refused[0]?.message ?? ""}`));
}
