import { useCallback, useSyncExternalStore } from "react";

const PREFIX = "literalai.";
const listeners = new Set<() => void>();
const parsed = new Map<string, { text: string | null; value: unknown }>();

/** A value that this browser keeps, outside of what is drawn. `otherwise` must be one object for ever. */
export function kept<T>(name: string, otherwise: T): T {
  let text: string | null = null;
  try {
    text = localStorage.getItem(PREFIX + name);
  } catch {
    // A browser that keeps nothing: the page works, it only forgets.
  }
  const known = parsed.get(name);
  if (known !== undefined && known.text === text) return known.value as T;
  let value = otherwise;
  try {
    if (text !== null) value = JSON.parse(text) as T;
  } catch {
    // Written by a version that meant something else by it.
  }
  parsed.set(name, { text, value });
  return value;
}

/** Keeps a value in this browser, in all of its tabs. */
export function keep(name: string, value: unknown): void {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // As above.
  }
  for (const listener of listeners) listener();
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", listener);
  };
}

/** A value that this browser keeps, as it is drawn: widths of columns, the theme. `otherwise` as for `kept`. */
export function useKept<T>(name: string, otherwise: T): [T, (value: T) => void] {
  const value = useSyncExternalStore(listen, () => kept(name, otherwise));
  const set = useCallback((next: T) => keep(name, next), [name]);
  return [value, set];
}
