/**
 * Categories as they are typed, one a line: `Good = 1`. A line without a number has that of its place from 0 on.
 *
 * @throws Error for a line whose number is none.
 */
export function parseCategories(text: string): { label: string; value: number }[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line, place) => {
    const at = line.lastIndexOf("=");
    if (at < 0) return { label: line.trim(), value: place };
    const value = Number(line.slice(at + 1).trim() || Number.NaN);
    if (!Number.isFinite(value)) throw new Error(`“${line.trim()}” has no number behind its =`);
    return { label: line.slice(0, at).trim(), value };
  });
}
