import { useEffect, useMemo, useState } from "react";
import { themeColor, useLooks } from "../frame/theme";

/** The tokens of lines and bars, in order. */
export const SERIES_TOKENS = [
  "--series-1",
  "--series-2",
  "--series-3",
  "--series-4",
  "--series-5",
  "--series-6",
] as const;

/** Dashes of lines, in order: they tell lines apart where colours do not. */
export const DASHES: readonly number[][] = [[], [6, 3], [2, 2], [8, 3, 2, 3], [1, 3], [10, 4]];

/** The colours of a chart as the browser computes them now: a canvas knows no tokens. */
export interface Palette {
  series: string[];
  bad: string;
  text: string;
  line: string;
  before: string;
  background: string;
}

/** The token of a series. */
export function tokenOf(index: number, bad: boolean | undefined): string {
  return bad === true ? "--error" : (SERIES_TOKENS[index % SERIES_TOKENS.length] ?? "--series-1");
}

/** The palette; a new one when the theme changes, by choice or with the system. */
export function usePalette(): Palette {
  const [{ theme }] = useLooks();
  const [turns, setTurns] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a chosen theme is a turn too
  useEffect(() => {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const turned = () => setTurns((before) => before + 1);
    // The theme is set in an effect of the frame, which comes after those of its parts.
    const later = setTimeout(turned);
    dark.addEventListener("change", turned);
    return () => {
      clearTimeout(later);
      dark.removeEventListener("change", turned);
    };
  }, [theme]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each turn of the theme computes all colours anew
  return useMemo(
    () => ({
      series: SERIES_TOKENS.map(themeColor),
      bad: themeColor("--error"),
      text: themeColor("--text-muted"),
      line: themeColor("--line"),
      before: themeColor("--line-strong"),
      background: themeColor("--bg"),
    }),
    [theme, turns],
  );
}
