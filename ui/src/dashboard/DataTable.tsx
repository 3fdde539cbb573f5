import { Link } from "@tanstack/react-router";
import { type Answer, bucketOf } from "./answer";
import { bucketName } from "./axis";
import type { Target } from "./behind";
import type { Series } from "./series";
import type { OverTime } from "./view";

interface Props {
  view: OverTime;
  data: Answer;
  series: readonly Series[];
  target: (index: number) => Target | null;
}

/** The data of a chart as a table, the newest bucket first; each bucket leads to the list behind it. */
export function DataTable({ view, data, series, target }: Props) {
  const rows = data.times.map((_, index) => index).reverse();
  return (
    <section className="data-table" aria-label="Data">
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {series.map(({ name }) => (
              <th scope="col" key={name} className="number" dir="auto">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((index) => {
            const { from, to } = bucketOf(data, index);
            const name = bucketName(from, to, data.bucketSeconds);
            const behind = target(index);
            return (
              <tr key={from}>
                <th scope="row">
                  {behind === null ? name : <Link {...(behind as unknown as { to: string })}>{name}</Link>}
                </th>
                {series.map(({ name: of, values }) => (
                  <td key={of} className="number">
                    {view.format(values[index] ?? null)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
