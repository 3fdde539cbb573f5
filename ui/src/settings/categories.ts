import type { Category } from "./scoreSchemas";

/** The first = that a number follows; what is said about the category is behind a colon. */
const LINE = /^(.*?)=\s*([+-]?[\d.]+(?:[eE][+-]?\d+)?)\s*(?::(.*))?$/;

/**
 * Categories as they are typed, one a line: `Good = 1: thanks, or tips`. A line without a number has that of its place
 * from 0 on.
 *
 * @throws Error for a line whose number is none.
 */
export function parseCategories(text: string): Category[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line, place) => {
    const [, label, number, about = ""] = LINE.exec(line) ?? [];
    const value = Number(number);
    if (label !== undefined && Number.isFinite(value)) {
      return { label: label.trim(), value, description: about.trim() || null };
    }
    if (line.includes("=")) throw new Error(`“${line.trim()}” has no number behind its =`);
    return { label: line.trim(), value: place, description: null };
  });
}

/** What `parseCategories` reads. */
export function writeCategories(categories: readonly Category[]): string {
  return categories
    .map(({ label, value, description }) => `${label} = ${value}${description ? `: ${description}` : ""}`)
    .join("\n");
}
