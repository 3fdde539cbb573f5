import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";

/** Time ranges that end now, with their length in seconds. */
export const PRESETS = {
  "1h": { name: "Last hour", seconds: 3_600 },
  "24h": { name: "Last 24 hours", seconds: 86_400 },
  "7d": { name: "Last 7 days", seconds: 604_800 },
  "30d": { name: "Last 30 days", seconds: 2_592_000 },
  "90d": { name: "Last 90 days", seconds: 7_776_000 },
} as const;

export type Preset = keyof typeof PRESETS;

/** What the top bar keeps in the address: the time range, the environment, whether lists follow new data. */
export interface FrameSearch {
  range?: Preset;
  /** ISO texts; they win over `range`. */
  from?: string;
  to?: string;
  environment?: string;
  live?: boolean;
}

/** The part of an address's search that is the frame's; what makes no sense is left out. */
export function frameSearch(search: Record<string, unknown>): FrameSearch {
  const { range, from, to, environment, live } = search;
  return {
    ...(typeof range === "string" && Object.hasOwn(PRESETS, range) ? { range: range as Preset } : {}),
    ...(isTime(from) ? { from } : {}),
    ...(isTime(to) ? { to } : {}),
    ...(typeof environment === "string" && environment !== "" ? { environment } : {}),
    ...(live === false ? { live } : {}),
  };
}

function isTime(value: unknown): value is string {
  return typeof value === "string" && !Number.isNaN(Date.parse(value));
}

export interface Range {
  /** The preset, null for a range of its own or for all time. */
  preset: Preset | null;
  /** Its bounds as ISO texts; null: unbounded. A preset's are those of the moment it is asked. */
  bounds: () => { from: string | null; to: string | null };
  /** The same as long as the reader chose nothing else: what queries are keyed by. */
  key: string;
}

/** The time range that the address names, and what sets it. */
export function useRange(): [Range, (next: { preset?: Preset; from?: string; to?: string }) => void] {
  const { range, from, to } = frameSearch(useSearch({ strict: false }) as Record<string, unknown>);
  const navigate = useNavigate();
  const set = useCallback(
    (next: { preset?: Preset; from?: string; to?: string }) => {
      navigate({
        to: ".",
        search: (before: Record<string, unknown>) => ({
          ...before,
          range: next.preset,
          from: next.from,
          to: next.to,
          after: undefined,
        }),
      } as never);
    },
    [navigate],
  );
  const value = useMemo<Range>(() => {
    const own = from !== undefined || to !== undefined;
    const preset = own ? null : (range ?? null);
    return {
      preset,
      key: own ? `${from ?? ""}..${to ?? ""}` : (range ?? "all"),
      bounds: () =>
        preset === null
          ? { from: from ?? null, to: to ?? null }
          : { from: new Date(Date.now() - PRESETS[preset].seconds * 1_000).toISOString(), to: null },
    };
  }, [range, from, to]);
  return [value, set];
}

/** The environment that the address names, null for all but experiments. */
export function useEnvironment(): string | null {
  return frameSearch(useSearch({ strict: false }) as Record<string, unknown>).environment ?? null;
}
