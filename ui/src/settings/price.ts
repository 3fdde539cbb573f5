const DIGITS = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 12, useGrouping: false });

/** `$2.50`, `$0.0025`: prices are compared, so they have two digits at least, and are never rounded. */
export function price(value: number | null): string {
  return value === null ? "–" : `$${DIGITS.format(value)}`;
}
