import { type InfiniteData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { request } from "../api/request";
import { useProjectId } from "../frame/project";
import { useEnvironment, useRange } from "../frame/range";
import { sayError } from "../parts/toasts";
import type { Filter } from "./filter";
import { useListSearch } from "./listSearch";
import { mergeNewest, updateKnown } from "./merge";
import type { AnyRow, Kind, Page } from "./rows";

const PAGE = 50;

/** The column that the time range of the top bar is about. */
export const TIME_FIELDS: Record<Kind, string> = {
  threads: "createdAt",
  runs: "startTime",
  generations: "startTime",
  steps: "startTime",
  scores: "createdAt",
  users: "lastEngaged",
};

const SILOED: readonly Kind[] = ["threads", "runs", "generations", "steps"];

type Pages = InfiniteData<Page, string | null>;

export interface List {
  rows: AnyRow[];
  /** The first answer is still on its way. */
  loading: boolean;
  /** What is shown is being asked for again, or more of it. */
  busy: boolean;
  error: Error | null;
  hasMore: boolean;
  loadMore: () => void;
  /** Where the search was given up for now; `loadMore` goes on there. Null where it was not. */
  cut: { until: string | null } | null;
  /** Rows that wait above those that are shown. */
  waiting: number;
  showWaiting: () => void;
  /** Asks for the newest rows: shown at once, or `held` back where the reader is further down. */
  refresh: (held?: boolean) => void;
  /** What the list is asked for, for the code that asks the same. */
  asked: { filters: Filter[]; order: string | null; search: string };
}

/** The filters of the address with those that the top bar means. */
export function useAskedFilters(kind: Kind): () => Filter[] {
  const [{ filters }] = useListSearch();
  const [range] = useRange();
  const environment = useEnvironment();
  return useCallback(() => {
    const { from, to } = range.bounds();
    const field = TIME_FIELDS[kind];
    const all = [...(filters ?? [])];
    if (from !== null) all.push({ field, operator: "gte", value: from });
    if (to !== null) all.push({ field, operator: "lt", value: to });
    if (environment !== null && SILOED.includes(kind)) {
      all.push({ field: "environment", operator: "eq", value: environment });
    }
    return all;
  }, [kind, filters, range, environment]);
}

/**
 * The rows of a list as the address asks for them, page by page, and kept up to date on `refresh`. `further`: who comes
 * back to the list reads further down in it.
 */
export function useList(kind: Kind, further: boolean): List {
  const project = useProjectId();
  const client = useQueryClient();
  const [{ filters, q, order }] = useListSearch();
  const [range] = useRange();
  const environment = useEnvironment();
  const filtersNow = useAskedFilters(kind);
  const [held, setHeld] = useState<{ key: string; page: Page; count: number } | null>(null);
  const refreshing = useRef<AbortController | null>(null);
  const [again, setAgain] = useState(false);

  const key = useMemo(
    () => [
      "logs",
      project,
      kind,
      filters ?? [],
      q ?? "",
      order ?? "",
      range.key,
      SILOED.includes(kind) ? environment : null,
    ],
    [project, kind, filters, q, order, range.key, environment],
  );
  const name = JSON.stringify(key);
  const read = useCallback(
    (after: string | null, signal?: AbortSignal) => {
      const asked = filtersNow();
      return request<Page>(`api/logs/${kind}`, {
        project,
        query: {
          first: PAGE,
          after: after ?? undefined,
          orderBy: order,
          search: q,
          filters: asked.length === 0 ? undefined : JSON.stringify(asked),
        },
        ...(signal === undefined ? {} : { signal }),
      });
    },
    [project, kind, order, q, filtersNow],
  );
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => read(pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ pageInfo }: Page) => (pageInfo.hasNextPage ? pageInfo.endCursor : undefined),
    // Asked anew by `refresh` alone: all pages once more would cost as much as the reader has scrolled.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 10 * 60_000,
    placeholderData: (before) => before,
  });
  const { data, fetchNextPage, isFetchingNextPage, isPlaceholderData } = query;

  const refresh = useCallback(
    async (hold = false) => {
      refreshing.current?.abort();
      const own = new AbortController();
      refreshing.current = own;
      setAgain(true);
      try {
        const fresh = await read(null, own.signal);
        const before = client.getQueryData<Pages>(key);
        const merged = before === undefined ? { pages: [fresh], added: 0 } : mergeNewest(before.pages, fresh);
        const wait = hold && before !== undefined && merged.added > 0;
        setHeld(wait ? { key: name, page: fresh, count: merged.added } : null);
        const pages = wait ? updateKnown(before.pages, fresh) : merged.pages;
        const pageParams = wait ? before.pageParams : [null];
        client.setQueryData<Pages>(key, { pages, pageParams });
      } catch (error) {
        if (!own.signal.aborted) sayError(error);
      } finally {
        if (refreshing.current === own) setAgain(false);
      }
    },
    [read, client, key, name],
  );
  // A list that was left is shown as it was, and then brought up to date.
  const wasFurther = useRef(further);
  const known = useRef(client.getQueryState(key)?.data !== undefined);
  useEffect(() => {
    if (known.current) void refresh(wasFurther.current);
    known.current = false;
    return () => refreshing.current?.abort();
  }, [refresh]);

  const showWaiting = useCallback(() => {
    if (held === null) return;
    const before = client.getQueryData<Pages>(key);
    if (before !== undefined && held.key === name) {
      client.setQueryData<Pages>(key, { pages: mergeNewest(before.pages, held.page).pages, pageParams: [null] });
    }
    setHeld(null);
  }, [held, client, key, name]);
  const rows = useMemo(() => data?.pages.flatMap((page) => page.rows as AnyRow[]) ?? [], [data]);
  const last = data?.pages.at(-1)?.pageInfo;
  return {
    rows,
    loading: data === undefined && query.error === null,
    busy: query.isFetching || again,
    error: isPlaceholderData || data === undefined ? query.error : query.isFetchNextPageError ? query.error : null,
    hasMore: last?.hasNextPage === true && !isPlaceholderData,
    loadMore: useCallback(() => {
      if (!isFetchingNextPage) void fetchNextPage();
    }, [isFetchingNextPage, fetchNextPage]),
    cut: last?.cut === true && !isPlaceholderData ? { until: last.scannedUntil } : null,
    waiting: held?.key === name ? held.count : 0,
    showWaiting,
    refresh: useCallback((hold?: boolean) => void refresh(hold), [refresh]),
    asked: { filters: filters ?? [], order: order ?? null, search: q ?? "" },
  };
}
