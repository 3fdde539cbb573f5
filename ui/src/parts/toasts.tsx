import { useSyncExternalStore } from "react";

interface Toast {
  id: number;
  text: string;
  kind: "said" | "error";
}

/** Milliseconds after which what was only said goes away; errors stay until closed. */
const SHOWN = 5_000;

let toasts: readonly Toast[] = [];
let last = 0;
const listeners = new Set<() => void>();

function change(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

function close(id: number): void {
  change(toasts.filter((toast) => toast.id !== id));
}

/** Says a sentence at the edge of the page for some seconds. */
export function say(text: string): void {
  const id = ++last;
  change([...toasts, { id, text, kind: "said" }]);
  setTimeout(close, SHOWN, id);
}

/** Says what went wrong; it stays until it is closed. The same sentence is there once. */
export function sayError(error: unknown): void {
  const text = error instanceof Error ? error.message : String(error);
  if (toasts.some((toast) => toast.text === text)) return;
  change([...toasts, { id: ++last, text, kind: "error" }]);
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Where the sentences appear; once in the page. */
export function Toasts() {
  const shown = useSyncExternalStore(listen, () => toasts);
  return (
    <div className="toasts" role="status">
      {shown.map((toast) => (
        <div key={toast.id} className={`toast toast-${toast.kind}`}>
          <span dir="auto">{toast.text}</span>
          <button type="button" className="chip-remove" aria-label="Close" onClick={() => close(toast.id)}>
            ×
          </button>
        </div>
      ))}
    </div>
  );
}
