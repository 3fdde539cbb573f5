import { useEffect, useState } from "react";

interface Props {
  /** Milliseconds as of `Date.now()`. */
  until: number;
  before: string;
  after: string;
  /** What stands there once the time is over. */
  done: string;
}

/** Seconds that are left, for eyes only: a voice that counts helps nobody. */
export function Countdown({ until, before, after, done }: Props) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  const left = Math.ceil((until - now) / 1_000);
  return (
    <span className="countdown" aria-hidden="true">
      {left > 0 ? `${before}${left} s${after}` : done}
    </span>
  );
}
