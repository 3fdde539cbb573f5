import { useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useRef, useState } from "react";
import { useChanges } from "../api/live";
import { useProjectId } from "../frame/project";
import { useEnvironment, useRange } from "../frame/range";
import { Button } from "../parts/Button";
import { keepOrder } from "../parts/listOrder";
import { sayError } from "../parts/toasts";
import { BulkBar } from "./BulkBar";
import { ColumnChoice } from "./ColumnChoice";
import { addScores, addToDataset, changeTags } from "./changeRows";
import { DatasetDialog } from "./DatasetDialog";
import { EmptyList, NothingMatches } from "./EmptyList";
import { Engagement } from "./Engagement";
import { ExportButton } from "./ExportButton";
import { FilterBar } from "./FilterBar";
import { ABOUT } from "./kinds";
import { ListFoot } from "./ListFoot";
import { ListTable } from "./ListTable";
import { targetOf } from "./links";
import { orderOf, useListSearch } from "./listSearch";
import type { Kind } from "./rows";
import { SavedViews } from "./SavedViews";
import { ScoreDialog } from "./ScoreDialog";
import { SearchField } from "./SearchField";
import { TagDialog } from "./TagDialog";
import { useColumns } from "./useColumns";
import { useAskedFilters, useList } from "./useList";
import { useListKeys } from "./useListKeys";
import { useSelection } from "./useSelection";
import "./lists.css";

/** Which dialog about the selected rows is open. */
export type Doing = "tag" | "score" | "dataset";

/** Milliseconds between two times that changes on the server make the list ask again. */
const PACE = 1_500;

/** Where lists were scrolled to, by what they were asked for: going back ends where one left. */
const offsets = new Map<string, number>();

/** One of the six lists, with all that is around its rows. */
export function ListPage({ kind }: { kind: Kind }) {
  const { title, usual, feed, ...can } = ABOUT[kind];
  const project = useProjectId();
  const navigate = useNavigate();
  const [search, change] = useListSearch();
  const [range, setRange] = useRange();
  const environment = useEnvironment();
  const place = `${project} ${kind} ${JSON.stringify(search)} ${range.key} ${environment}`;
  const list = useList(kind, (offsets.get(place) ?? 0) > 0);
  const { table, sizes, reset } = useColumns(kind, list.rows);
  const selection = useSelection(list.rows, place);
  const [doing, setDoing] = useState<Doing | null>(null);
  const [top, setTop] = useState(true);
  const adding = useRef<HTMLSpanElement>(null);
  const field = useRef<HTMLInputElement>(null);
  useFollowed(feed, list.refresh, top && search.order === undefined);

  const { rows } = list;
  useEffect(() => {
    const ids = rows.map(({ id }) => id);
    keepOrder(kind, ids);
  }, [kind, rows]);
  const askedFilters = useAskedFilters(kind);
  const narrowed =
    search.filters !== undefined || search.q !== undefined || range.key !== "all" || environment !== null;
  const onOpen = useCallback(
    (index: number) => {
      const row = list.rows[index];
      const target = row && targetOf(kind, row, project);
      if (target) navigate(target as never);
    },
    [list.rows, kind, project, navigate],
  );
  const onDo = useCallback(
    (wanted: Doing) => {
      const possible = wanted === "tag" ? can.tags : can.steps;
      if (possible && selection.aim().length > 0) setDoing(wanted);
    },
    [can.tags, can.steps, selection],
  );
  useListKeys({
    number: list.rows.length,
    selection,
    onOpen,
    onDo,
    onFilter: () => adding.current?.querySelector("button")?.click(),
    onSearch: () => field.current?.focus(),
    onRefresh: () => list.refresh(),
  });
  const done = async (work: (ids: string[]) => Promise<void>) => {
    setDoing(null);
    try {
      await work(selection.aim());
      list.refresh();
    } catch (error) {
      sayError(error);
    }
  };
  const compare = () => {
    const [a, b] = selection.selected;
    navigate({ to: "/p/$project/compare", params: { project }, search: { a, b } } as never);
  };
  const resetFilters = () => {
    change({ filters: null, q: null });
    if (range.key !== "all") setRange({});
    if (environment !== null) {
      navigate({ to: ".", search: (before: object) => ({ ...before, environment: undefined }) } as never);
    }
  };
  const aimed = selection.aim();
  const onTop = useCallback((now: boolean) => setTop(now), []);
  const onScrolled = useCallback((offset: number) => void offsets.set(place, offset), [place]);
  const onActive = selection.setActive;
  return (
    <div className="list-page" aria-busy={list.busy}>
      <div className="list-tools">
        <h1>{title}</h1>
        <SearchField kind={kind} value={search.q ?? ""} field={field} onSearch={(q) => change({ q })} />
        {kind === "users" && <Engagement />}
        <FilterBar
          kind={kind}
          filters={search.filters ?? []}
          adding={adding}
          onFilters={(filters) => change({ filters })}
        />
        <span className="bar-space" />
        <SavedViews kind={kind} />
        <ColumnChoice table={table} onReset={reset} />
        <ExportButton kind={kind} filters={askedFilters} order={list.asked.order} search={list.asked.search} />
      </div>
      {selection.selected.size > 0 && (
        <BulkBar
          number={selection.selected.size}
          can={can}
          onDo={onDo}
          onCompare={kind === "generations" ? compare : undefined}
          onClear={selection.clear}
        />
      )}
      <div className="list-frame">
        {list.waiting > 0 && (
          <Button
            look="primary"
            className="list-waiting"
            onClick={() => {
              list.showWaiting();
              offsets.set(place, 0);
              document.querySelector(".list-scroll")?.scrollTo({ top: 0 });
            }}
          >
            {list.waiting} new
          </Button>
        )}
        <div className={list.busy ? "list-progress list-progress-on" : "list-progress"} />
        {list.error !== null && list.rows.length === 0 ? (
          <ListFailure error={list.error} onReset={resetFilters} onAgain={() => list.refresh()} />
        ) : list.rows.length === 0 && !list.loading && list.cut === null ? (
          narrowed ? (
            <NothingMatches kind={kind} onReset={resetFilters} />
          ) : (
            <EmptyList kind={kind} />
          )
        ) : (
          <ListTable
            key={place}
            kind={kind}
            name={title}
            rows={list.rows}
            table={table}
            sizes={sizes}
            order={orderOf(search.order)}
            usual={usual}
            onOrder={(order) => change({ order: order ?? null })}
            selected={selection.selected}
            onSelect={selection.select}
            active={selection.active}
            onActive={onActive}
            selectable={can.tags}
            hasMore={list.hasMore && list.cut === null && list.error === null}
            onMore={list.loadMore}
            onTop={onTop}
            offset={offsets.get(place) ?? 0}
            onScrolled={onScrolled}
            foot={<ListFoot list={list} kind={kind} />}
          />
        )}
      </div>
      {doing === "tag" && (
        <TagDialog
          kind={kind}
          number={aimed.length}
          present={selection.tags()}
          onClose={() => setDoing(null)}
          onApply={(add, remove) => done((ids) => changeTags(project, kind, ids, add, remove))}
        />
      )}
      {doing === "score" && (
        <ScoreDialog
          number={aimed.length}
          onClose={() => setDoing(null)}
          onApply={(score) => done((ids) => addScores(project, ids, score))}
        />
      )}
      {doing === "dataset" && (
        <DatasetDialog
          kind={kind}
          number={aimed.length}
          onClose={() => setDoing(null)}
          onApply={(dataset) => done((ids) => addToDataset(project, ids, dataset))}
        />
      )}
    </div>
  );
}

function ListFailure({ error, onReset, onAgain }: { error: Error; onReset: () => void; onAgain: () => void }) {
  return (
    <section className="notice">
      <h2>This list cannot be shown</h2>
      <p role="alert">{error.message}</p>
      <p className="bulk">
        <Button onClick={onAgain}>Try again</Button>
        <Button onClick={onReset}>Reset filters</Button>
      </p>
    </section>
  );
}

/** Asks for the newest rows as changes on the server are told, now and then; `atTop` shows them at once. */
function useFollowed(kinds: (typeof ABOUT)[Kind]["feed"], refresh: (held: boolean) => void, atTop: boolean): void {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const last = useRef(0);
  const now = useRef({ refresh, atTop });
  useEffect(() => {
    now.current = { refresh, atTop };
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  useChanges(kinds, () => {
    if (timer.current !== undefined) return;
    timer.current = setTimeout(
      () => {
        timer.current = undefined;
        last.current = Date.now();
        now.current.refresh(!now.current.atTop);
      },
      Math.max(0, last.current + PACE - Date.now()),
    );
  });
}
