import uPlot from "uplot";
import type { Period } from "./answer";
import { tickNames, ticksOf } from "./axis";
import { DASHES, type Palette } from "./palette";
import { type Series, stacked, summed } from "./series";
import type { Format, OverTime } from "./view";

/** The key by which all charts of the page share their crosshair. */
const SYNC = "dashboard";
const FONT = "11px system-ui, sans-serif";
const GUTTER = 56;
const WHOLE = Array.from({ length: 13 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat();

/** What a chart draws: times in the middle of their buckets, then one row for each line. */
export function dataOf(period: Period, series: readonly Series[], kind: OverTime["kind"]): uPlot.AlignedData {
  // The last bucket may be shorter than the others, but is drawn as wide.
  const middles = period.times.map((time) => time + period.bucketSeconds / 2);
  const earlier = compared(series) ? series.flatMap(({ before }) => (before === undefined ? [] : [before])) : [];
  const before = kind === "bars" ? summed(earlier) : (earlier[0] ?? []);
  // A bar of nothing would leave its edge on the axis.
  const bars = () => stacked(series).map((ends) => ends.map((end) => (end === 0 ? null : end)));
  const own = kind === "bars" ? bars().reverse() : series.map(({ values }) => values);
  return [middles, ...own, ...(before.length > 0 ? [before.slice(0, middles.length)] : [])];
}

/** Whether half of one makes no sense on the axis. */
export function whole(series: readonly Series[]): boolean {
  return series.every(({ values }) => values.every((value) => Number.isInteger(value ?? 0)));
}

/** Whether there was anything in the period before. */
function compared(series: readonly Series[]): boolean {
  return series.some(({ before }) => before?.some((value) => value !== null && value !== 0));
}

interface Wanted {
  kind: OverTime["kind"];
  series: readonly Series[];
  palette: Palette;
  format: Format;
  width: number;
  height: number;
  /** The period that is drawn now; asked for each time, since it moves on. */
  period: () => Period;
  onPoint: (time: number | null) => void;
  onSelect: (from: number, to: number) => void;
}

/** How uPlot draws it. */
export function optionsOf({ kind, series, palette, format, width, height, ...wanted }: Wanted): uPlot.Options {
  const lines = series.map((one, index) => lineOf(one, index, kind, palette));
  return {
    width,
    height,
    padding: [6, 8, 0, 0],
    legend: { show: false },
    cursor: {
      sync: { key: SYNC, setSeries: false },
      drag: { x: true, y: false, setScale: false, dist: 6 },
      points: kind === "bars" ? { show: false } : { size: 5 },
      y: false,
    },
    scales: {
      x: { time: true, range: () => rangeOf(wanted.period()) },
      y: { range: (_, low, high) => [Math.min(0, low ?? 0), (high ?? 0) > 0 ? high * 1.06 : 1] },
    },
    axes: [
      {
        stroke: palette.text,
        font: FONT,
        grid: { show: false },
        ticks: { stroke: palette.line, size: 4, width: 1 },
        gap: 3,
        size: 26,
        splits: (self, _, low, high) => ticksOf(low, high, self.bbox.width / devicePixelRatio / 70),
        values: (_, ticks) => tickNames(ticks),
      },
      {
        stroke: palette.text,
        font: FONT,
        grid: { stroke: palette.line, width: 1 },
        ticks: { show: false },
        size: GUTTER,
        space: 32,
        ...(whole(series) ? { incrs: WHOLE } : {}),
        values: (_, ticks) => ticks.map((tick) => format(tick)),
      },
    ],
    series: [
      {},
      ...(kind === "bars" ? lines.reverse() : lines),
      ...(compared(series)
        ? [{ label: "before", stroke: palette.before, width: 1, dash: [3, 3], points: { show: false } }]
        : []),
    ],
    hooks: {
      setCursor: [
        ({ cursor, data }) => {
          const at = cursor.left === undefined || cursor.left < 0 ? null : cursor.idx;
          wanted.onPoint(at === null || at === undefined ? null : (data[0][at] ?? null));
        },
      ],
      setSelect: [
        (self) => {
          const { left, width: wide } = self.select;
          if (wide < 6) return;
          self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          wanted.onSelect(self.posToVal(left, "x"), self.posToVal(left + wide, "x"));
        },
      ],
    },
  };
}

function rangeOf({ times, bucketSeconds }: Period): [number, number] {
  return [times[0] ?? 0, (times.at(-1) ?? 0) + bucketSeconds];
}

/** Points of a line that no line leads to or from: they would not be seen. */
function lonely(self: uPlot, line: number): number[] {
  const values = self.data[line] ?? [];
  const known = (index: number) => values[index] !== null && values[index] !== undefined;
  return [...values.keys()].filter((index) => known(index) && !known(index - 1) && !known(index + 1));
}

function lineOf({ name, bad }: Series, index: number, kind: OverTime["kind"], palette: Palette): uPlot.Series {
  const color = bad === true ? palette.bad : (palette.series[index % palette.series.length] ?? palette.text);
  if (kind === "lines") {
    return {
      label: name,
      stroke: color,
      width: 1.5,
      dash: DASHES[index % DASHES.length] ?? [],
      spanGaps: false,
      points: { show: true, size: 5, fill: color, filter: lonely },
    };
  }
  const bars = uPlot.paths.bars?.({ size: [0.82, 28] });
  // The edge in the colour of the page parts what stands on top of each other.
  return {
    label: name,
    stroke: palette.background,
    fill: color,
    width: 1,
    points: { show: false },
    ...(bars === undefined ? {} : { paths: bars }),
  };
}
