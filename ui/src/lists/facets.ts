import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import { request } from "../api/request";
import { useProjectId } from "../frame/project";
import type { Field } from "./filter";
import type { Kind } from "./rows";

interface Facets {
  values: { value: string }[];
}

interface Fields {
  fields: Field[];
  orders: string[];
}

/** The values of a field that hold `text`, to choose from; empty while none are known. */
export function useFacets(kind: Kind, field: string | null, text: string, first = 50): string[] {
  const project = useProjectId();
  const { data } = useQuery({
    queryKey: ["facets", project, kind, field, text, first],
    queryFn: ({ signal }) =>
      request<Facets>(`api/logs/${kind}/facets`, {
        project,
        query: { field: field ?? "", prefix: text, first },
        signal,
      }),
    enabled: field !== null,
    staleTime: 30_000,
    placeholderData: keepPreviousData,
    select: ({ values }) => values.map(({ value }) => value),
  });
  return data ?? NONE;
}

const NONE: string[] = [];

/** What a list can be filtered by. */
export function fieldsQuery(project: string, kind: Kind) {
  return queryOptions({
    queryKey: ["fields", project, kind],
    queryFn: ({ signal }) => request<Fields>(`api/logs/${kind}/fields`, { project, signal }),
    staleTime: Number.POSITIVE_INFINITY,
    select: ({ fields }) => fields,
  });
}
