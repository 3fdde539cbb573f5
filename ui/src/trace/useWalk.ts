import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

/** The address follows the selection once it rests, so that walking does not wait for the router. */
const REST = 150;

/**
 * The selected step: kept here, and in the address as `?step=` once it rests.
 *
 * `otherwise` is selected where the address names none.
 */
export function useSelection(otherwise: string | null): {
  selected: string | null;
  select: (id: string) => void;
  /** What is selected when it is called: keys may come faster than the page is drawn. */
  current: () => string | null;
} {
  const { step } = useSearch({ strict: false }) as { step?: unknown };
  const named = typeof step === "string" ? step : step === undefined ? null : String(step);
  const [own, setOwn] = useState<string | null>(named);
  const navigate = useNavigate();
  const timer = useRef<number | undefined>(undefined);
  const written = useRef(named);
  const latest = useRef(own ?? otherwise);
  useLayoutEffect(() => {
    latest.current = own ?? otherwise;
  }, [own, otherwise]);
  useEffect(() => {
    // Back and forward, and links to a step.
    if (named !== written.current) setOwn(named);
    written.current = named;
  }, [named]);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const select = useCallback(
    (id: string) => {
      setOwn(id);
      latest.current = id;
      window.clearTimeout(timer.current);
      timer.current = window.setTimeout(() => {
        written.current = id;
        const next = { to: ".", search: (before: Record<string, unknown>) => ({ ...before, step: id }), replace: true };
        void navigate(next as never);
      }, REST);
    },
    [navigate],
  );
  const current = useCallback(() => latest.current, []);
  return { selected: own ?? otherwise, select, current };
}

/** `value` once it has not changed for `rest` milliseconds; the first one at once. */
export function useRested<T>(value: T, rest: number): T {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = window.setTimeout(() => setRested(value), rest);
    return () => window.clearTimeout(timer);
  }, [value, rest]);
  return rested;
}
