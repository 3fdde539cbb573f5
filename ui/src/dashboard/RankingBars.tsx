import { Link } from "@tanstack/react-router";
import type { Answer } from "./answer";
import type { Target } from "./behind";
import { NO_NAME, type Ranking } from "./view";

interface Props {
  view: Ranking;
  data: Answer;
  target: (name: string) => Target | null;
}

/** Numbers by name as bars from the left, the largest first; each name leads to the list behind it. */
export function RankingBars({ view, data, target }: Props) {
  const rows = Object.entries(view.rows(data.totals) ?? {}).map(([name, value]) => ({ name, value: value ?? 0 }));
  const others = data.others[view.card] ?? 0;
  const most = Math.max(others, ...rows.map(({ value }) => value));
  if (rows.every(({ value }) => value === 0)) return <p className="card-empty">{view.empty}</p>;
  return (
    <ol className="ranking">
      {rows.map(({ name, value }) => (
        <Row key={name} name={name || NO_NAME} shown={view.format(value)} share={value / most} target={target(name)} />
      ))}
      {others > 0 && <Row name="all others" shown={view.format(others)} share={others / most} target={null} muted />}
    </ol>
  );
}

interface RowProps {
  name: string;
  shown: string;
  share: number;
  target: Target | null;
  muted?: boolean;
}

function Row({ name, shown, share, target, muted = false }: RowProps) {
  return (
    <li className={muted ? "ranking-row muted" : "ranking-row"}>
      <span className="ranking-name" title={name} dir="auto">
        {target === null ? (
          name
        ) : (
          <Link {...(target as unknown as { to: string })} className="ranking-link">
            {name}
          </Link>
        )}
      </span>
      <svg className="ranking-bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
        <rect width={Math.max(0.5, share * 100)} height="10" />
      </svg>
      <span className="number">{shown}</span>
    </li>
  );
}
