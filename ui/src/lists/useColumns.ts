import {
  columnResizingFeature,
  columnSizingFeature,
  columnVisibilityFeature,
  createColumnHelper,
  tableFeatures,
  useTable,
} from "@tanstack/react-table";
import { useMemo } from "react";
import { useKept } from "../parts/kept";
import { COLUMNS, type Column } from "./columns";
import type { AnyRow, Kind } from "./rows";

const FEATURES = tableFeatures({
  columnSizingFeature,
  columnResizingFeature,
  columnVisibilityFeature,
  columnMeta: {} as Column<AnyRow>,
});
const HELPER = createColumnHelper<typeof FEATURES, AnyRow>();
/** Pixels. */
export const NARROWEST = 48;

interface KeptColumns {
  sizes: Record<string, number>;
  shown: Record<string, boolean>;
}

const NOTHING_KEPT: KeptColumns = { sizes: {}, shown: {} };

/** The table of a list: TanStack's columns, whose widths and visibility this browser keeps for each list. */
export function useColumns(kind: Kind, rows: AnyRow[]) {
  const [kept, keep] = useKept(`lists.${kind}.columns`, NOTHING_KEPT);
  const columns = useMemo(
    () =>
      (COLUMNS[kind] as readonly Column<AnyRow>[]).map((column) =>
        HELPER.display({ id: column.id, header: column.name, size: column.size, minSize: NARROWEST, meta: column }),
      ),
    [kind],
  );
  const shown = useMemo(
    () => Object.fromEntries(COLUMNS[kind].map(({ id, hidden }) => [id, kept.shown[id] ?? hidden !== true])),
    [kind, kept.shown],
  );
  const table = useTable({
    features: FEATURES,
    columns,
    data: rows,
    getRowId: (row) => row.id,
    columnResizeMode: "onChange",
    state: { columnSizing: kept.sizes, columnVisibility: shown },
    onColumnSizingChange: (change) => {
      keep({ ...kept, sizes: typeof change === "function" ? change(kept.sizes) : change });
    },
    onColumnVisibilityChange: (change) => {
      keep({ ...kept, shown: typeof change === "function" ? change(shown) : change });
    },
  });
  return { table, sizes: kept.sizes, reset: () => keep(NOTHING_KEPT) };
}

export type ColumnTable = ReturnType<typeof useColumns>["table"];

/** `grid-template-columns` of all rows: wide columns share what is left, unless they were given a width. */
export function gridOf(table: ColumnTable, sizes: Record<string, number>): string {
  return table
    .getVisibleLeafColumns()
    .map((column) => {
      const size = `${column.getSize()}px`;
      const wide = (column.columnDef.meta as Column<AnyRow> | undefined)?.wide === true;
      return wide && sizes[column.id] === undefined ? `minmax(${size}, 1fr)` : size;
    })
    .join(" ");
}
