import { queryOptions } from "@tanstack/react-query";
import { graphql } from "../api/graphql";
import { request } from "../api/request";

/** Prices are US dollars per million tokens, times ISO texts; null: open. */
export interface PriceRule {
  id: string;
  pattern: string;
  inputPrice: number;
  outputPrice: number;
  startsAt: string | null;
  endsAt: string | null;
  /** What the server has to say about the pattern. */
  hint: string | null;
}

/** A model that the project has used, and what a call costs now. */
export interface ListedModel {
  model: string;
  provider: string | null;
  inputPrice: number | null;
  outputPrice: number | null;
  /** `rule:<id>`, `default:<provider>/<model>`, or null: no price. */
  source: string | null;
  matched: boolean | null;
}

export const RULE_FIELDS = "id pattern inputPrice outputPrice startsAt endsAt hint";

interface Rules {
  modelPrices: { edges: { node: PriceRule }[] };
}

export const pricesQuery = (project: string) =>
  queryOptions({
    queryKey: ["prices", project, "rules"],
    queryFn: async () => {
      const answer = await graphql<Rules>(project, `{ modelPrices { edges { node { ${RULE_FIELDS} } } } }`);
      return answer.modelPrices.edges.map(({ node }) => node);
    },
  });

/** The models of a project; `matched` says which ones `pattern` stands for. */
export const modelsQuery = (project: string, pattern: string | null) =>
  queryOptions({
    queryKey: ["prices", project, "models", pattern],
    queryFn: async ({ signal }) => {
      const query = { pattern: pattern ?? undefined };
      return (await request<{ models: ListedModel[] }>("api/prices/models", { project, query, signal })).models;
    },
    retry: false,
  });
