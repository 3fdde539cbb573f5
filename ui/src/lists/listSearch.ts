import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { type Filter, filtersOf } from "./filter";

/** What a list keeps in the address beside what the frame keeps there. */
export interface ListSearch {
  filters?: Filter[];
  /** The text that is searched for. */
  q?: string;
  /** `createdAt:DESC`; absent: newest first. */
  order?: string;
}

export interface Order {
  column: string;
  descending: boolean;
}

const ORDER = /^[A-Za-z]+:(ASC|DESC)$/;

/** The part of an address's search that is the list's; what makes no sense is left out. */
export function listSearch(search: Record<string, unknown>): ListSearch {
  const filters = filtersOf(search.filters);
  const { order } = search;
  // The router reads a search for `42` as a number.
  const q = typeof search.q === "string" || typeof search.q === "number" ? String(search.q).trim() : "";
  return {
    ...(filters.length > 0 ? { filters } : {}),
    ...(q !== "" ? { q } : {}),
    ...(typeof order === "string" && ORDER.test(order) ? { order } : {}),
  };
}

/** `createdAt:DESC` as its parts. */
export function orderOf(text: string | undefined): Order | null {
  const [column, direction] = text?.split(":") ?? [];
  return column === undefined ? null : { column, descending: direction === "DESC" };
}

/** The order after a click on a column's head: descending, then ascending, then as it came. */
export function nextOrder(column: string, before: Order | null): string | undefined {
  if (before?.column !== column) return `${column}:DESC`;
  return before.descending ? `${column}:ASC` : undefined;
}

/** What the address says of the list, and a way to change it; null takes a value out. */
export function useListSearch(): [
  ListSearch,
  (change: { [Name in keyof ListSearch]?: ListSearch[Name] | null }) => void,
] {
  const given = useSearch({ strict: false }) as Record<string, unknown>;
  const navigate = useNavigate();
  const search = useMemo(() => listSearch(given), [given]);
  const change = useCallback(
    (next: { [Name in keyof ListSearch]?: ListSearch[Name] | null }) => {
      navigate({
        to: ".",
        search: (before: Record<string, unknown>) => {
          const { filters: _, q: __, order: ___, ...others } = before;
          const own = { ...listSearch(before), ...next };
          const kept = Object.entries(own).filter(([, value]) => value !== null && value !== undefined);
          return { ...others, ...listSearch(Object.fromEntries(kept)) };
        },
      } as never);
    },
    [navigate],
  );
  return [search, change];
}
