import { queryOptions } from "@tanstack/react-query";
import { graphql } from "../api/graphql";

export interface Category {
  label: string;
  value: number;
  /** What guides whoever judges. */
  description: string | null;
}

export interface ScoreSchema {
  id: string;
  name: string;
  description: string | null;
  type: "CATEGORICAL" | "CONTINUOUS";
  categories: Category[] | null;
  min: number | null;
  max: number | null;
}

interface Answer {
  scoreSchemas: { edges: { node: ScoreSchema }[] };
}

const QUERY = `{ scoreSchemas(first: 200) { edges { node {
  id name description type categories { label value description } min max } } } }`;

/** What may be said in the scores of a project: each schema has the name of the scores that it is for. */
export const schemasQuery = (project: string) =>
  queryOptions({
    queryKey: ["score-schemas", project],
    queryFn: async () => (await graphql<Answer>(project, QUERY)).scoreSchemas.edges.map(({ node }) => node),
    staleTime: 60_000,
  });
