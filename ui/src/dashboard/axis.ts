/** Times on the axis and in the legend, in the reader's zone. */

const DAY = 86_400;
const WEEK = 7 * DAY;

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const DATE = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const WEEKDAY = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short" });

/** A bucket in words: `Mon, 3 May`, `3 May, 14:00 – 15:00`, `3 – 9 May`. Times in seconds since 1970. */
export function bucketName(from: number, to: number, bucketSeconds: number): string {
  const begin = new Date(from * 1_000);
  const end = new Date(to * 1_000);
  if (bucketSeconds >= WEEK) return `${DATE.format(begin)} – ${DATE.format(new Date((to - 1) * 1_000))}`;
  if (bucketSeconds >= DAY) return WEEKDAY.format(begin);
  return `${DATE.format(begin)}, ${CLOCK.format(begin)} – ${CLOCK.format(end)}`;
}

/** A whole range in words, for a tooltip. ISO texts. */
export function rangeName(from: string, to: string): string {
  const [begin, end] = [new Date(from), new Date(to)];
  return `${DATE.format(begin)}, ${CLOCK.format(begin)} – ${DATE.format(end)}, ${CLOCK.format(end)}`;
}

/** The labels of ticks: the clock within a day, the date at midnight and where ticks are days. */
export function tickNames(ticks: readonly number[]): string[] {
  return ticks.map((tick, index) => {
    const time = new Date(tick * 1_000);
    const midnight = time.getHours() === 0 && time.getMinutes() === 0;
    const step = (ticks[index + 1] ?? tick) - tick || tick - (ticks[index - 1] ?? tick);
    return midnight || step >= DAY ? DATE.format(time) : CLOCK.format(time);
  });
}

/**
 * Ticks of the time axis: at round hours and at midnights of the reader, `most` at most.
 *
 * The scale itself knows only UTC.
 */
export function ticksOf(from: number, to: number, most: number): number[] {
  const rough = (to - from) / Math.max(1, most);
  const step = STEPS.find((one) => one >= rough) ?? Math.ceil(rough / WEEK) * WEEK;
  const ticks: number[] = [];
  const at = new Date(from * 1_000);
  if (step >= DAY) {
    at.setHours(0, 0, 0, 0);
    while (at.valueOf() / 1_000 <= to) {
      if (at.valueOf() / 1_000 >= from) ticks.push(at.valueOf() / 1_000);
      at.setDate(at.getDate() + step / DAY);
    }
    return ticks;
  }
  const offset = at.getTimezoneOffset() * 60;
  for (let tick = Math.ceil((from - offset) / step) * step + offset; tick <= to; tick += step) ticks.push(tick);
  return ticks;
}

const HOUR = 3_600;
const STEPS = [
  60,
  300,
  900,
  1_800,
  HOUR,
  2 * HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  WEEK,
  2 * WEEK,
  4 * WEEK,
];
