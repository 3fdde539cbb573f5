import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type ReactNode, useEffect, useLayoutEffect, useRef } from "react";
import { useLooks } from "../frame/theme";
import { Glyph } from "../parts/Glyph";
import type { Column } from "./columns";
import { ListRow } from "./ListRow";
import { nextOrder, type Order } from "./listSearch";
import type { AnyRow, Kind } from "./rows";
import { type ColumnTable, gridOf, NARROWEST } from "./useColumns";

const ROW_HEIGHT = { normal: 40, compact: 36 } as const;
const HEAD_HEIGHT = 30;
/** Rows from the end of what is there at which more is asked for. */
const AHEAD = 20;
const STEP_OF_KEYS = 16;
const WIDEST = 1_000;

interface Props {
  kind: Kind;
  name: string;
  rows: AnyRow[];
  table: ColumnTable;
  sizes: Record<string, number>;
  order: Order | null;
  /** What the list is ordered by when nothing else is chosen. */
  usual: string;
  onOrder: (order: string | undefined) => void;
  selected: ReadonlySet<string>;
  onSelect: (ids: string[], on: boolean) => void;
  /** Index of the row that the keys act on, -1 for none. */
  active: number;
  onActive: (index: number) => void;
  selectable: boolean;
  hasMore: boolean;
  onMore: () => void;
  onTop: (top: boolean) => void;
  /** Where the list was scrolled to when it was left; changes are told by `onScrolled`. */
  offset: number;
  onScrolled: (offset: number) => void;
  /** Stands below the last row. */
  foot: ReactNode;
}

/** The rows of a list: a virtual grid with a head that stays. */
export function ListTable(props: Props) {
  const { kind, name, rows, table, sizes, active, selected, selectable, hasMore, onMore, onTop, onScrolled } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [{ density }] = useLooks();
  const height = ROW_HEIGHT[density];
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    getItemKey: (index) => rows[index]?.id ?? index,
    initialOffset: props.offset,
    scrollPaddingStart: HEAD_HEIGHT,
    overscan: 8,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another density gives all rows another height
  useLayoutEffect(() => virtual.measure(), [height, virtual]);
  const items = virtual.getVirtualItems();
  const lastSeen = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && rows.length > 0 && lastSeen >= rows.length - AHEAD) onMore();
  }, [hasMore, rows.length, lastSeen, onMore]);
  // Only where the keys went on: rows that come in above it, or coming back to the list, are no reason to scroll.
  const activeId = rows[active]?.id;
  const lastActive = useRef(activeId);
  useEffect(() => {
    if (activeId === lastActive.current) return;
    lastActive.current = activeId;
    if (active >= 0) virtual.scrollToIndex(active);
  }, [activeId, active, virtual]);
  const columns = table.getVisibleLeafColumns();
  const grid = `${selectable ? "32px " : ""}${gridOf(table, sizes)}`;
  return (
    <div
      ref={scroller}
      className="list-scroll"
      onScroll={({ currentTarget }) => {
        onTop(currentTarget.scrollTop < height);
        onScrolled(currentTarget.scrollTop);
      }}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: a virtual grid is no table element */}
      <div
        className="list"
        role="grid"
        aria-label={name}
        aria-rowcount={hasMore ? -1 : rows.length + 1}
        aria-colcount={columns.length + (selectable ? 1 : 0)}
        aria-multiselectable={selectable}
        style={{ "--list-columns": grid, "--list-row": `${height}px` } as React.CSSProperties}
      >
        {/* biome-ignore lint/a11y/useSemanticElements: as above */}
        {/* biome-ignore lint/a11y/useFocusableInteractive: its buttons take the focus */}
        <div role="row" className="list-head" aria-rowindex={1}>
          {selectable && <SelectAll {...props} />}
          {columns.map((column) => (
            <Head key={column.id} {...props} id={column.id} />
          ))}
        </div>
        {/* biome-ignore lint/a11y/useSemanticElements: as above */}
        <div role="rowgroup" className="list-body" style={{ height: virtual.getTotalSize() }}>
          {items.map(({ index, key, start }) => {
            const row = rows[index];
            if (row === undefined) return null;
            return (
              <ListRow
                key={key}
                kind={kind}
                row={row}
                index={index}
                top={start}
                columns={columns.map((column) => column.columnDef.meta as Column<AnyRow>)}
                selectable={selectable}
                selected={selected.has(row.id)}
                active={index === active}
                onActive={props.onActive}
                onSelect={props.onSelect}
              />
            );
          })}
        </div>
      </div>
      {props.foot}
    </div>
  );
}

function SelectAll({ rows, selected, onSelect }: Props) {
  const all = rows.length > 0 && rows.every(({ id }) => selected.has(id));
  return (
    // biome-ignore lint/a11y/useSemanticElements: as above
    // biome-ignore lint/a11y/useFocusableInteractive: as above
    <div role="columnheader" className="list-cell list-check">
      <input
        type="checkbox"
        aria-label="Select all rows that are loaded"
        checked={all}
        ref={(box) => {
          if (box !== null) box.indeterminate = !all && selected.size > 0;
        }}
        onChange={() =>
          onSelect(
            rows.map(({ id }) => id),
            !all,
          )
        }
      />
    </div>
  );
}

function Head({ table, id, order, usual, onOrder }: Props & { id: string }) {
  const header = table.getFlatHeaders().find((one) => one.column.id === id);
  if (header === undefined) return null;
  const { column } = header;
  const { name, order: ordered, figures } = column.columnDef.meta as Column<AnyRow>;
  const current = order ?? { column: usual, descending: true };
  const by = ordered !== undefined && current.column === ordered;
  const resize = header.getResizeHandler();
  const walk = (event: KeyboardEvent) => {
    const wider = event.key === "ArrowRight" ? STEP_OF_KEYS : event.key === "ArrowLeft" ? -STEP_OF_KEYS : 0;
    if (wider === 0) return;
    event.preventDefault();
    table.setColumnSizing((sizes) => ({ ...sizes, [id]: Math.max(NARROWEST, column.getSize() + wider) }));
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: as above
    // biome-ignore lint/a11y/useFocusableInteractive: as above
    <div
      role="columnheader"
      className={figures ? "list-cell list-figures" : "list-cell"}
      {...(by ? { "aria-sort": current.descending ? "descending" : "ascending" } : {})}
    >
      {ordered === undefined ? (
        <span className="cell-text" title={name}>
          {name}
        </span>
      ) : (
        <button type="button" className="list-order" onClick={() => onOrder(nextOrder(ordered, by ? current : order))}>
          <span className="cell-text">{name}</span>
          {by && <Glyph name={current.descending ? "unfold" : "fold"} className="list-direction" />}
        </button>
      )}
      {/* biome-ignore lint/a11y/useSemanticElements: a handle between two columns is no line */}
      <span
        role="separator"
        aria-orientation="vertical"
        aria-label={`Width of ${name}`}
        aria-valuenow={column.getSize()}
        aria-valuemin={NARROWEST}
        aria-valuemax={WIDEST}
        tabIndex={0}
        className="list-resize"
        onMouseDown={resize}
        onTouchStart={resize}
        onKeyDown={walk}
        onDoubleClick={() => column.resetSize()}
      />
    </div>
  );
}
