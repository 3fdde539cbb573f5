import { useLayoutEffect, useSyncExternalStore } from "react";

export interface Shortcut {
  /** As in `KeyboardEvent.key`: `j`, `Enter`, `?`, `ArrowDown`. */
  key: string;
  /** What it does, for the help. */
  about: string;
  run: (event: KeyboardEvent) => void;
}

const CONTROLS = "a[href], button, summary, [role=button], [role=tab], [role=menuitem]";

let current: readonly (readonly Shortcut[])[] = [];
const listeners = new Set<() => void>();

function change(next: typeof current): void {
  current = next;
  for (const listener of listeners) listener();
}

/**
 * Shortcuts that hold while the component is shown. Later ones come first where two have the same key; none hears
 * what is typed into a field or with Ctrl, Alt or Meta held, nor anything while a dialog is open. The array should be
 * memoised.
 */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  // What is seen can be pressed: an effect after the paint would lose the key of who is faster than it.
  useLayoutEffect(() => {
    change([shortcuts, ...current]);
    return () => change(current.filter((entry) => entry !== shortcuts));
  }, [shortcuts]);
}

/** All shortcuts that hold now, for the help. */
export function useCurrentShortcuts(): readonly Shortcut[] {
  const all = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
  const seen = new Set<string>();
  return all.flat().filter(({ key }) => !seen.has(key) && seen.add(key));
}

function typed(event: KeyboardEvent): boolean {
  // The innermost: to who listens outside of a shadow root the target is its host.
  const target = event.composedPath()[0];
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName)) &&
    event.key !== "Escape"
  );
}

/** Enter and Space on a control are its own: they press it. */
function presses(event: KeyboardEvent): boolean {
  const isPress = event.key === "Enter" || event.key === " ";
  return isPress && event.target instanceof Element && event.target.closest(CONTROLS) !== null;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (typed(event) || presses(event) || document.querySelector("dialog[open]") !== null) return;
  for (const shortcuts of current) {
    const found = shortcuts.find(({ key }) => key === event.key);
    if (found !== undefined) {
      event.preventDefault();
      found.run(event);
      return;
    }
  }
});
