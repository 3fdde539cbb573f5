import { useEffect, useLayoutEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Period } from "./answer";
import { point } from "./crosshair";
import { dataOf, optionsOf, whole } from "./options";
import { usePalette } from "./palette";
import type { Series } from "./series";
import type { Format, OverTime } from "./view";

interface Props {
  period: Period;
  kind: OverTime["kind"];
  series: Series[];
  format: Format;
  /** What it shows, in a sentence. */
  label: string;
  /** A click on a bucket, by its place. */
  onBucket: ((index: number) => void) | undefined;
  /** A range that was drawn with the pointer, in seconds since 1970. */
  onZoom: (from: number, to: number) => void;
}

/** A chart over time. The page reads its data out as a table where one is asked for. */
export function Chart({ period, kind, series, format, label, onBucket, onZoom }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const palette = usePalette();
  const latest = useRef({ period, series, format, onBucket, onZoom });
  useLayoutEffect(() => {
    latest.current = { period, series, format, onBucket, onZoom };
  });
  const shape = JSON.stringify([
    kind,
    series.map(({ name, bad }) => [name, bad]),
    dataOf(period, series, kind).length,
    whole(series),
  ]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` says when the lines are others; data comes below
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const made = new uPlot(
      optionsOf({
        kind,
        palette,
        series: latest.current.series,
        format: (value) => latest.current.format(value),
        width: element.clientWidth,
        height: element.clientHeight,
        period: () => latest.current.period,
        onPoint: point,
        onSelect: (from, to) => latest.current.onZoom(from, to),
      }),
      dataOf(latest.current.period, latest.current.series, kind),
      element,
    );
    chart.current = made;
    const click = () => {
      const { idx } = made.cursor;
      if (typeof idx === "number") latest.current.onBucket?.(idx);
    };
    made.over.addEventListener("click", click);
    const resized = new ResizeObserver(() =>
      made.setSize({ width: element.clientWidth, height: element.clientHeight }),
    );
    resized.observe(element);
    return () => {
      resized.disconnect();
      made.destroy();
      chart.current = null;
    };
  }, [shape, palette]);
  useEffect(() => {
    chart.current?.setData(dataOf(period, series, kind));
  }, [period, series, kind]);
  return (
    <div ref={place} className={onBucket === undefined ? "chart" : "chart chart-link"} role="img" aria-label={label} />
  );
}
