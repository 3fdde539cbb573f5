import type { Period } from "./answer";
import { rangeName } from "./axis";
import { change, changeName } from "./series";
import type { Format } from "./view";

interface Props {
  now: number | null;
  before: number | null;
  period: Period;
  format: Format;
  /** What is good news: undefined where neither is. */
  lessIsBetter: boolean | undefined;
}

/** By how much a figure changed since the period before, which the tooltip names. */
export function Badge({ now, before, period, format, lessIsBetter }: Props) {
  const share = change(now, before);
  if (share === null || period.cut) return null;
  const worse = lessIsBetter === true && share > 0.05;
  const range = rangeName(period.from, period.to);
  return (
    <span className={worse ? "badge badge-worse" : "badge"} title={`${format(before)} in the period before: ${range}`}>
      {changeName(share)}
      <span className="hidden-visually"> against {format(before)} in the period before</span>
    </span>
  );
}
