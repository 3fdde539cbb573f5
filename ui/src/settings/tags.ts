import { type QueryKey, queryOptions, useQuery } from "@tanstack/react-query";
import { request } from "../api/request";

/** The colours that the server takes (`server/store/tags.py`); what they look like is in `styles`. */
export const COLORS = ["gray", "red", "orange", "yellow", "green", "teal", "blue", "purple", "pink"] as const;

export type Color = (typeof COLORS)[number];

export interface Tag {
  id: number;
  name: string;
  color: Color | null;
  /** How many carry it; no more than `TagList.countLimit` are counted. */
  stepCount: number;
  threadCount: number;
}

export interface TagList {
  tags: Tag[];
  countLimit: number;
}

/** Keys of what shows tags: their list, and logs. */
export const showingTags = (project: string): QueryKey[] => [["tags", project], ["logs"]];

/** All tags of a project, with how much carries them. */
export const tagsQuery = (project: string) =>
  queryOptions({
    queryKey: ["tags", project, "counted"],
    queryFn: ({ signal }) => request<TagList>("api/tags", { project, signal }),
    staleTime: 60_000,
  });

const colorsQuery = (project: string) =>
  queryOptions({
    queryKey: ["tags", project, "colors"],
    queryFn: async ({ signal }) =>
      colors(await request<TagList>("api/tags", { project, query: { counts: false }, signal })),
    staleTime: 60_000,
  });

/** The colour of each tag of a project by name. */
export function useTagColors(project: string): ReadonlyMap<string, Color> {
  return useQuery(colorsQuery(project)).data ?? NONE;
}

const NONE: ReadonlyMap<string, Color> = new Map();

function colors({ tags }: TagList): ReadonlyMap<string, Color> {
  return new Map(tags.flatMap(({ name, color }) => (color === null ? [] : [[name, color]])));
}
