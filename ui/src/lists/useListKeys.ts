import { useLayoutEffect, useMemo, useRef } from "react";
import { type Shortcut, useShortcuts } from "../parts/keys";
import type { Doing } from "./ListPage";
import type { Selection } from "./useSelection";

interface Actions {
  number: number;
  selection: Selection;
  onOpen: (index: number) => void;
  onDo: (doing: Doing) => void;
  onFilter: () => void;
  onSearch: () => void;
  onRefresh: () => void;
}

/** The shortcuts of lists. */
export function useListKeys(actions: Actions): void {
  const now = useRef(actions);
  useLayoutEffect(() => {
    now.current = actions;
  });
  useShortcuts(
    useMemo<Shortcut[]>(() => {
      const move = (by: number) => {
        const { number, selection } = now.current;
        if (number > 0) selection.setActive(Math.max(0, Math.min(number - 1, selection.active + by)));
      };
      return [
        { key: "j", about: "Next row", run: () => move(1) },
        { key: "k", about: "Previous row", run: () => move(-1) },
        { key: "Enter", about: "Open the row", run: () => now.current.onOpen(now.current.selection.active) },
        {
          key: "x",
          about: "Select the row",
          run: () => {
            const { selection } = now.current;
            const id = selection.active < 0 ? undefined : selection.idOf(selection.active);
            if (id !== undefined) selection.select([id], !selection.selected.has(id));
          },
        },
        { key: "t", about: "Tag the selected rows", run: () => now.current.onDo("tag") },
        { key: "s", about: "Score the selected rows", run: () => now.current.onDo("score") },
        { key: "d", about: "Add the selected rows to a dataset", run: () => now.current.onDo("dataset") },
        { key: "f", about: "Add a filter", run: () => now.current.onFilter() },
        { key: "/", about: "Search", run: () => now.current.onSearch() },
        { key: "r", about: "Refresh", run: () => now.current.onRefresh() },
        { key: "Escape", about: "Select nothing", run: () => now.current.selection.clear() },
      ];
    }, []),
  );
}
