import { ago, exact } from "./format";

/** How long ago a time was, with the time itself on hover. `value`: ISO text. */
export function Time({ value }: { value: string | null | undefined }) {
  if (value === null || value === undefined) return <span className="muted">–</span>;
  return (
    <time dateTime={value} title={exact(value)}>
      {ago(value)}
    </time>
  );
}
