import { Link } from "@tanstack/react-router";
import { type MouseEvent, memo, type ReactNode, useLayoutEffect, useRef } from "react";
import { useProjectId } from "../frame/project";
import type { Column } from "./columns";
import { targetOf } from "./links";
import type { AnyRow, Kind } from "./rows";

interface Props {
  kind: Kind;
  row: AnyRow;
  index: number;
  /** Pixels from the first row. */
  top: number;
  columns: Column<AnyRow>[];
  selectable: boolean;
  selected: boolean;
  active: boolean;
  onActive: (index: number) => void;
  onSelect: (ids: string[], on: boolean) => void;
}

/** One row. A click anywhere in it opens what it shows, as its link does; with Alt or Ctrl in a new tab (P-LOG-25). */
export const ListRow = memo(
  function ListRow({ kind, row, index, top, columns, selectable, selected, active, onActive, onSelect }: Props) {
    const line = useRef<HTMLDivElement>(null);
    // The focus follows the active row at once, and silently: two rows that each told of the focus that the other
    // took from them, keys come fast, would never end.
    const following = useRef(false);
    useLayoutEffect(() => {
      if (!active) return;
      following.current = true;
      line.current?.querySelector<HTMLElement>(".row-link")?.focus({ preventScroll: true });
      following.current = false;
    }, [active]);
    const follow = (event: MouseEvent) => {
      const link = line.current?.querySelector<HTMLAnchorElement>(".row-link");
      if (!link || event.button > 1 || (event.target as Element).closest("a, button, input") !== null) return;
      // Whoever marks a text to copy it does not want to leave.
      if (window.getSelection()?.isCollapsed === false) return;
      if (event.altKey || event.ctrlKey || event.metaKey || event.button === 1)
        window.open(link.href, "_blank", "noopener");
      else {
        onActive(index);
        link.click();
      }
    };
    return (
      // biome-ignore lint/a11y/useKeyWithClickEvents: the link in it has the keyboard
      // biome-ignore lint/a11y/useSemanticElements: a virtual grid is no table element
      // biome-ignore lint/a11y/useFocusableInteractive: its link takes the focus
      <div
        ref={line}
        role="row"
        aria-rowindex={index + 2}
        aria-selected={selected}
        className={active ? "list-row list-row-active" : "list-row"}
        style={{ transform: `translateY(${top}px)` }}
        onFocus={() => {
          if (!following.current) onActive(index);
        }}
        onClick={follow}
        onAuxClick={follow}
      >
        {selectable && (
          <Cell className="list-check">
            <input
              type="checkbox"
              aria-label="Select this row"
              checked={selected}
              onChange={(event) => onSelect([row.id], event.target.checked)}
            />
          </Cell>
        )}
        {columns.map((column) => (
          <Cell key={column.id} className={column.figures ? "list-figures" : ""}>
            {column.link ? (
              <RowLink kind={kind} row={row}>
                {column.cell(row)}
              </RowLink>
            ) : (
              column.cell(row)
            )}
          </Cell>
        ))}
      </div>
    );
  },
  (before, after) =>
    before.row === after.row &&
    before.index === after.index &&
    before.top === after.top &&
    before.selected === after.selected &&
    before.active === after.active &&
    before.onSelect === after.onSelect &&
    before.columns.length === after.columns.length &&
    before.columns.every((column, place) => column === after.columns[place]),
);

function Cell({ className, children }: { className: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: as above
    // biome-ignore lint/a11y/useFocusableInteractive: as above
    <div role="gridcell" className={`list-cell ${className}`}>
      {children}
    </div>
  );
}

function RowLink({ kind, row, children }: { kind: Kind; row: AnyRow; children: ReactNode }) {
  const project = useProjectId();
  const target = targetOf(kind, row, project);
  if (target === null) return <span className="cell-text">{children}</span>;
  const newTab = (event: MouseEvent<HTMLAnchorElement>) => {
    if (!event.altKey) return;
    // Browsers would save the page (P-LOG-25).
    event.preventDefault();
    window.open(event.currentTarget.href, "_blank", "noopener");
  };
  return (
    <Link {...(target as { to: "." })} className="row-link" onClick={newTab} preload={false}>
      {children}
    </Link>
  );
}
