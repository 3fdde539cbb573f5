import { duration } from "../parts/format";
import { type Axis, breaks, ticks } from "./axis";

const LINES = 6;

/** The times above the waterfall and the marks where idle time is folded. */
export function AxisHead({ axis }: { axis: Axis }) {
  return (
    <div className="axis" aria-hidden>
      {ticks(axis, LINES).map(({ place, seconds }) => (
        <span key={place} className="axis-tick" style={{ left: `${100 * place}%` }}>
          {duration(seconds).replace(/ 0 (s|min|h)$/, "")}
        </span>
      ))}
      {breaks(axis).map(({ left, right, seconds }) => (
        <span
          key={left}
          className="axis-break"
          style={{ left: `${100 * left}%`, width: `${100 * (right - left)}%` }}
          title={`${duration(seconds)} without anything`}
        >
          <span>{duration(seconds)}</span>
        </span>
      ))}
    </div>
  );
}

/** The same lines and marks as the background of every row: one gradient, which scrolls without being drawn anew. */
export function gridOf(axis: Axis): string {
  const lines = ticks(axis, LINES).map(({ place }): [number, string] => {
    const left = `${100 * place}%`;
    return [place, `transparent ${left}, var(--line) ${left} calc(${left} + 1px), transparent calc(${left} + 1px)`];
  });
  const gaps = breaks(axis).map(({ left, right }): [number, string] => {
    const [from, to] = [`${100 * left}%`, `${100 * right}%`];
    return [left, `transparent ${from}, var(--gap) ${from} ${to}, transparent ${to}`];
  });
  const stops = [...lines, ...gaps].sort((one, other) => one[0] - other[0]).map(([, stop]) => stop);
  return stops.length === 0 ? "none" : `linear-gradient(90deg, ${stops.join(", ")})`;
}
