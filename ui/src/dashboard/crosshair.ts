import { useSyncExternalStore } from "react";

/** The moment under the pointer, in seconds since 1970: the same one in all charts. */
let moment: number | null = null;
const listeners = new Set<() => void>();

/** Moves the crosshair of all charts; null takes it away. */
export function point(next: number | null): void {
  if (next === moment) return;
  moment = next;
  for (const listener of listeners) listener();
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The bucket under the crosshair, null where there is none. */
export function useCrosshair(times: readonly number[]): number | null {
  return useSyncExternalStore(listen, () => {
    if (moment === null) return null;
    const at = moment;
    const index = times.findLastIndex((time) => time <= at);
    return index === -1 ? null : index;
  });
}
