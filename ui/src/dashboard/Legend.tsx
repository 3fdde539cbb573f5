import type { Answer } from "./answer";
import { bucketOf } from "./answer";
import { bucketName } from "./axis";
import { useCrosshair } from "./crosshair";
import { DASHES, tokenOf } from "./palette";
import type { Series } from "./series";
import type { OverTime } from "./view";

interface Props {
  view: OverTime;
  data: Answer;
  series: readonly Series[];
}

/** The names of the lines; under the crosshair, their values in that bucket. */
export function Legend({ view, data, series }: Props) {
  const index = useCrosshair(data.times);
  const compared = view.kind === "lines" ? series.slice(0, 1) : series;
  const before = index === null ? null : sum(compared.map(({ before }) => before?.[index] ?? null));
  const bucket = index === null ? null : bucketOf(data, index);
  return (
    <div className="legend">
      {series.map(({ name, values, bad }, place) => (
        <span key={name} className="legend-entry">
          <svg className="legend-mark" viewBox="0 0 16 8" aria-hidden="true">
            {view.kind === "bars" ? (
              <rect width="10" height="8" x="3" fill={`var(${tokenOf(place, bad)})`} />
            ) : (
              <path
                d="M0 4h16"
                stroke={`var(${tokenOf(place, bad)})`}
                strokeWidth="2"
                strokeDasharray={DASHES[place % DASHES.length]?.join(" ")}
              />
            )}
          </svg>
          <span className="legend-name" dir="auto">
            {name}
          </span>
          {index !== null && <b>{view.format(values[index] ?? null)}</b>}
        </span>
      ))}
      {bucket === null && view.note !== undefined && <span className="legend-when">{view.note(data)}</span>}
      {bucket !== null && (
        <span className="legend-when">
          {before !== null && <span>before {view.format(before)} · </span>}
          {bucketName(bucket.from, bucket.to, data.bucketSeconds)}
        </span>
      )}
    </div>
  );
}

function sum(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
}
