const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const SHORT = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const SHORT_WITH_YEAR = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const WHOLE = new Intl.NumberFormat();
const COMPACT = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });

/** The time in full, in the reader's zone. */
export function exact(iso: string): string {
  const time = new Date(iso);
  return Number.isNaN(time.valueOf()) ? iso : EXACT.format(time);
}

/** `12 s ago`, `3 h ago`, `4 May`: rough on purpose; `exact` is for the hover. */
export function ago(iso: string, now: number = Date.now()): string {
  const time = new Date(iso);
  const seconds = (now - time.valueOf()) / 1_000;
  if (Number.isNaN(seconds)) return iso;
  if (seconds < -MINUTE) return exact(iso);
  if (seconds < 5) return "now";
  if (seconds < MINUTE) return `${Math.floor(seconds)} s ago`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min ago`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)} h ago`;
  if (seconds < 7 * DAY) return `${Math.floor(seconds / DAY)} d ago`;
  return (time.getFullYear() === new Date(now).getFullYear() ? SHORT : SHORT_WITH_YEAR).format(time);
}

/** A duration given in seconds: `312 ms`, `4.3 s`, `2 min 5 s`, `3 h 4 min`, `2 d 3 h`. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 0) return `−${duration(-seconds)}`;
  if (seconds < 0.0005) return "0 ms";
  if (seconds < 0.9995) return `${(seconds * 1_000).toFixed(seconds < 0.01 ? 1 : 0)} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)} min ${whole % MINUTE} s`;
  if (whole < DAY) return `${Math.floor(whole / HOUR)} h ${Math.floor((whole % HOUR) / MINUTE)} min`;
  return `${Math.floor(whole / DAY)} d ${Math.floor((whole % DAY) / HOUR)} h`;
}

/** A count with separators, `≈` before an estimate. */
export function count(value: number | null | undefined, estimated = false): string {
  if (value === null || value === undefined) return "–";
  return (estimated ? "≈" : "") + WHOLE.format(value);
}

/** A count where there is little room: `12.3K`. */
export function compact(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : COMPACT.format(value);
}

/** US dollars with as many digits as it takes to see something: `$0.00042`, `$12.30`. */
export function cost(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  if (value === 0) return "$0";
  const digits = Math.abs(value) >= 1 ? 2 : Math.min(8, 1 - Math.floor(Math.log10(Math.abs(value))));
  return `$${value.toFixed(digits)}`;
}

/** A size in bytes: `412 kB`. */
export function bytes(value: number): string {
  if (value < 1_000) return `${value} B`;
  if (value < 1_000_000) return `${Math.round(value / 1_000)} kB`;
  return `${(value / 1_000_000).toFixed(1)} MB`;
}

/** The first 8 characters of an id, as ids are shown (P-LOG-15). */
export function shortId(id: string): string {
  return id.slice(0, 8);
}
