import { Menu } from "../parts/Menu";
import type { Column } from "./columns";
import type { AnyRow } from "./rows";
import type { ColumnTable } from "./useColumns";

/** Which columns are shown; the one with the link always is. */
export function ColumnChoice({ table, onReset }: { table: ColumnTable; onReset: () => void }) {
  return (
    <Menu look="plain" label="Columns" name="Columns">
      {(close) => (
        <>
          {table.getAllLeafColumns().map((column) => {
            const { name, link } = column.columnDef.meta as Column<AnyRow>;
            return (
              <label key={column.id} className="menu-item">
                <input
                  type="checkbox"
                  checked={column.getIsVisible()}
                  disabled={link === true}
                  onChange={() => column.toggleVisibility()}
                />
                {name}
              </label>
            );
          })}
          <button
            type="button"
            className="menu-item"
            onClick={() => {
              onReset();
              close();
            }}
          >
            As they were
          </button>
        </>
      )}
    </Menu>
  );
}
