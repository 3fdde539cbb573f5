import { useCallback, useMemo } from "react";
import { useProjectId } from "../frame/project";
import { type Filter, filtersOf } from "../lists/filter";
import { useKept } from "../parts/kept";
import { moved, ordered } from "./order";

/** What this browser chose of a card. */
export interface CardChoice {
  view?: string;
  table?: boolean;
  filters?: Filter[];
}

interface Layout {
  order: string[];
  hidden: string[];
}

const AS_IT_COMES: Layout = { order: [], hidden: [] };
const NOTHING: Record<string, CardChoice> = {};
const NO_FILTERS: Filter[] = [];

/** Order of the cards and which of them are hidden, as this browser keeps it. */
export function useLayout(ids: readonly string[]) {
  const [layout, set] = useKept("dashboard.layout", AS_IT_COMES);
  return useMemo(() => {
    const all = ordered(ids, layout.order);
    const shown = all.filter((id) => !layout.hidden.includes(id));
    return {
      shown,
      hidden: all.filter((id) => layout.hidden.includes(id)),
      move: (id: string, by: number) => set({ ...layout, order: moved(all, shown, id, by) }),
      hide: (id: string) => set({ ...layout, hidden: [...layout.hidden, id] }),
      show: (id: string) => set({ ...layout, hidden: layout.hidden.filter((other) => other !== id) }),
      changed: layout.order.length + layout.hidden.length > 0,
      reset: () => set(AS_IT_COMES),
    };
  }, [ids, layout, set]);
}

/** View, filters and form of a card in this project, as this browser keeps them. */
export function useChoice(id: string): [CardChoice & { filters: Filter[] }, (change: CardChoice) => void] {
  const [choices, set] = useKept(`dashboard.cards.${useProjectId()}`, NOTHING);
  const choice = choices[id];
  const kept = useMemo(
    () => ({ ...choice, filters: choice?.filters === undefined ? NO_FILTERS : filtersOf(choice.filters) }),
    [choice],
  );
  return [
    kept,
    useCallback((change: CardChoice) => set({ ...choices, [id]: { ...choices[id], ...change } }), [choices, set, id]),
  ];
}
