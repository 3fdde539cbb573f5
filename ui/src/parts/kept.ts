import { useCallback, useSyncExternalStore } from "react";

const PREFIX = "literalai.";
const listeners = new Set<() => void>();
const parsed = new Map<string, { text: string | null; value: unknown }>();

function read<T>(name: string, otherwise: T): T {
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

function write(name: string, value: unknown): void {
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

/** A value that this browser keeps: widths of columns, the theme. `otherwise` must be one object for ever. */
export function useKept<T>(name: string, otherwise: T): [T, (value: T) => void] {
  const value = useSyncExternalStore(listen, () => read(name, otherwise));
  const set = useCallback((next: T) => write(name, next), [name]);
  return [value, set];
}
