import type { Numbers } from "./answer";

/** A line or the bars of one colour. */
export interface Series {
  name: string;
  values: Numbers;
  /** The same of the period before, where it is compared. */
  before?: Numbers | undefined;
  /** Bad news: told by its colour as well. */
  bad?: boolean;
}

/** Bars on top of each other: for each series where its part ends, with those below it. */
export function stacked(series: readonly Series[]): Numbers[] {
  const sums: Numbers = (series[0]?.values ?? []).map(() => 0);
  return series.map(({ values }) =>
    values.map((value, index) => {
      const below = sums[index] ?? null;
      if (value === null || below === null) {
        sums[index] = null;
        return null;
      }
      sums[index] = below + value;
      return below + value;
    }),
  );
}

/** The sum over all series of each bucket; null where one of them was not counted. */
export function summed(series: readonly Numbers[]): Numbers {
  return (series[0] ?? []).map((_, index) =>
    series.reduce<number | null>((sum, values) => {
      const value = values[index] ?? null;
      return sum === null || value === null ? null : sum + value;
    }, 0),
  );
}

/** `a` without `b`: successes of all and failures. */
export function without(a: Numbers, b: Numbers): Numbers {
  return a.map((value, index) => (value === null ? null : value - (b[index] ?? 0)));
}

/** Whether there is anything to see. */
export function hasData(series: readonly Series[]): boolean {
  return series.some(({ values }) => values.some((value) => value !== null && value !== 0));
}

/** By how much a number changed, as a share of what it was; null where that says nothing. */
export function change(now: number | null, before: number | null): number | null {
  if (now === null || before === null || before === 0) return null;
  return (now - before) / Math.abs(before);
}

/** `▲ 12 %`, `▼ 3 %`, `±0 %`: the sign is said by a shape. */
export function changeName(share: number): string {
  const percent = Math.abs(share) * 100;
  const shown =
    percent >= 999.5 ? ">999" : percent >= 9.95 ? percent.toFixed(0) : percent.toFixed(1).replace(/\.0$/, "");
  if (shown === "0") return "±0 %";
  return `${share > 0 ? "▲" : "▼"} ${shown} %`;
}

/** A share as per cent: `12 %`, `0.4 %`. */
export function percent(share: number | null): string {
  if (share === null) return "–";
  const value = share * 100;
  return `${value === 0 || value >= 9.95 ? value.toFixed(0) : value.toFixed(value >= 0.1 ? 1 : 2)} %`;
}

/** What a chart says in one sentence, for who does not see it. */
export function summary(title: string, series: readonly Series[], format: (value: number | null) => string): string {
  if (!hasData(series)) return `${title}: no data`;
  const parts = series.map(({ name, values }) => {
    const known = values.filter((value) => value !== null);
    if (known.length === 0) return `${name} has no data`;
    return `${name} from ${format(Math.min(...known))} to ${format(Math.max(...known))}, last ${format(known.at(-1) ?? null)}`;
  });
  return `${title}: ${parts.join("; ")}`;
}
