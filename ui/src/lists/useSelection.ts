import { useCallback, useMemo, useState } from "react";
import type { AnyRow } from "./rows";

export interface Selection {
  selected: ReadonlySet<string>;
  select: (ids: string[], on: boolean) => void;
  clear: () => void;
  /** Index of the row that the keys act on, -1 for none. */
  active: number;
  setActive: (index: number) => void;
  idOf: (index: number) => string | undefined;
  /** The ids that an action is about: those selected, else the active row's. */
  aim: () => string[];
  /** The tags that some of the rows of `aim` have. */
  tags: () => string[];
}

/** The row that the keys acted on last, by list: who comes back goes on there. */
const acted = new Map<string, string>();

/** Which rows are selected and which one the keys act on; another list (`place`) begins without any. */
export function useSelection(rows: AnyRow[], place: string): Selection {
  const [state, setState] = useState(() => ({ place, selected: NONE, id: acted.get(place) ?? "" }));
  const own = state.place === place;
  const selected = own ? state.selected : NONE;
  // By its id: rows may come in above it.
  const active = own && state.id !== "" ? rows.findIndex(({ id }) => id === state.id) : -1;
  const select = useCallback(
    (ids: string[], on: boolean) =>
      setState((before) => {
        const next = new Set(before.place === place ? before.selected : NONE);
        for (const id of ids) {
          if (on) next.add(id);
          else next.delete(id);
        }
        return { place, selected: next, id: before.place === place ? before.id : "" };
      }),
    [place],
  );
  const clear = useCallback(() => setState({ place, selected: NONE, id: "" }), [place]);
  const setActive = useCallback(
    (index: number) => {
      const id = rows[index]?.id ?? "";
      acted.set(place, id);
      setState((before) =>
        before.place === place && before.id === id
          ? before
          : { place, selected: before.place === place ? before.selected : NONE, id },
      );
    },
    [rows, place],
  );
  return useMemo(() => {
    const aim = () => {
      const row = rows[active];
      return selected.size > 0 ? [...selected] : row === undefined ? [] : [row.id];
    };
    const tags = () => {
      const ids = new Set(aim());
      const found = rows.flatMap((row) => (ids.has(row.id) && "tags" in row ? row.tags : []));
      return [...new Set(found)].sort();
    };
    const idOf = (index: number) => rows[index]?.id;
    return { selected, select, clear, active, setActive, idOf, aim, tags };
  }, [rows, selected, active, select, clear, setActive]);
}

const NONE: ReadonlySet<string> = new Set();
