import type { Filter } from "../lists/filter";
import type { Kind } from "../lists/rows";
import { compact, count, duration } from "../parts/format";
import type { Answer, ByName, Cards, Numbers, Period } from "./answer";
import { type Series, without } from "./series";

export type Format = (value: number | null) => string;

/** The list behind a bucket or a name: its kind, and what it is filtered by beside range and filters of the card. */
export interface Behind {
  kind: Kind;
  filters?: Filter[];
}

interface Common {
  id: string;
  /** How it is called where a card has several. */
  name: string;
  /** The figure beside the title; absent: there is none for the whole range. */
  total?: (totals: Cards<number | null>) => number | null;
  format: Format;
  /** On the axis, where there is less room. */
  axis?: Format;
  /** What the figure is, where the title does not say so. */
  totalName?: string;
  /** What else is to be known of the range, in a few words. */
  note?: (answer: Answer) => string | null;
  behind?: Behind;
  /** Why there may be nothing to see. */
  empty: string;
  /** Whether less is better: what the colour of the badge says. */
  lessIsBetter?: boolean;
}

/** Numbers over time: lines, or bars on top of each other. */
export interface OverTime extends Common {
  kind: "lines" | "bars";
  series: (cards: Cards<Numbers>) => Series[];
}

/** Numbers by name: bars from the left. */
export interface Ranking extends Common {
  kind: "ranking";
  rows: (totals: Cards<number | null>) => ByName<number | null> | null;
  /** The card of the answer whose `others` are meant. */
  card: string;
  /** The list behind one name. */
  behindName?: (name: string) => Behind;
}

export type View = OverTime | Ranking;

export interface CardSpec {
  id: string;
  title: string;
  about: string;
  views: readonly [View, ...View[]];
}

export const counted: Format = (value) =>
  value === null ? "–" : value >= 100_000 ? compact(value) : count(Math.round(value));
export const milliseconds: Format = (value) => duration(value === null ? null : value / 1_000);
/** A duration in seconds where there is little room: `250 ms`, `90 s`, `2.5 min`. */
export const shortly: Format = (value) => {
  if (value === null || value === 0) return "0";
  const [unit, name] = value < 1 ? [0.001, "ms"] : value < 120 ? [1, "s"] : value < 7_200 ? [60, "min"] : [3_600, "h"];
  return `${Number((value / unit).toPrecision(3))} ${name}`;
};
export const rate: Format = (value) =>
  value === null ? "–" : `${value < 10 ? value.toFixed(1) : Math.round(value)} tok/s`;
export const mean: Format = (value) => (value === null ? "–" : Number(value.toPrecision(3)).toString());

export const NO_LOGS = "Nothing was logged in this time.";
export const NO_RUNS = "No runs in this time: a run is a step of the type run with no other above it.";
export const NO_GENERATIONS = "No generations in this time.";

/** What names do not say, people say so. */
export const NO_NAME = "(no name)";

/** A line for each name. */
export function named(values: ByName<Numbers> | null): Series[] {
  return Object.entries(values ?? {}).map(([name, numbers]) => ({ name: name || NO_NAME, values: numbers }));
}

/** What went well, and what failed. */
export function split(ok: string, all: Numbers, failed: Numbers): Series[] {
  return [
    { name: ok, values: without(all, failed) },
    { name: "failed", values: failed, bad: true },
  ];
}

/** A line for each percentile. */
export function percentiles(of: Record<string, Numbers>): Series[] {
  return Object.entries(of).map(([name, values]) => ({ name: `≈ ${name}`, values }));
}

/** Only what has that name; an empty one is that of what has none. */
export function filter(field: string, name: string): Filter[] {
  return [name === "" ? { field, operator: "is", value: null } : { field, operator: "eq", value: name }];
}

/** The sum over all names. */
export function total(numbers: ByName<number | null>): number {
  return Object.values(numbers).reduce<number>((sum, number) => sum + (number ?? 0), 0);
}

/** The figure of a view for a whole period. */
export function totalOf(view: View, period: Period | null): number | null {
  return period === null || view.total === undefined ? null : view.total(period.totals);
}

/** The lines of a view, each with the same of the period before. */
export function seriesOf(view: OverTime, period: Period, before: Period | null): Series[] {
  const own = view.series(period.cards);
  if (before === null) return own;
  const earlier = view.series(before.cards);
  return own.map((series) => ({ ...series, before: earlier.find(({ name }) => name === series.name)?.values }));
}
