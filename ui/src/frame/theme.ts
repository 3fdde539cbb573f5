import { useEffect } from "react";
import { useKept } from "../parts/kept";

export type Theme = "system" | "light" | "dark";
export type Density = "normal" | "compact";

interface Looks {
  theme: Theme;
  density: Density;
}

const PLAIN: Looks = { theme: "system", density: "normal" };

function apply({ theme, density }: Looks): void {
  const { dataset } = document.documentElement;
  if (theme === "system") delete dataset.theme;
  else dataset.theme = theme;
  dataset.density = density;
}

/** Before the first paint: what this browser chose. */
export function applyTheme(): void {
  try {
    apply({ ...PLAIN, ...(JSON.parse(localStorage.getItem("literalai.looks") ?? "{}") as Partial<Looks>) });
  } catch {
    apply(PLAIN);
  }
}

/** Theme and density, kept by this browser. */
export function useLooks(): [Looks, (looks: Looks) => void] {
  const [looks, set] = useKept<Looks>("looks", PLAIN);
  useEffect(() => apply(looks), [looks]);
  return [looks, set];
}

/** A token's colour as the browser computes it now, for canvases: `themeColor("--accent")` -> `rgb(47, 79, 207)`. */
export function themeColor(token: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  document.body.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
}
