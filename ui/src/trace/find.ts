import { stepName } from "../parts/stepName";
import type { Row } from "./rows";
import type { Tree } from "./tree";

/** The steps whose name, type, model, previews, error or tags hold `text`, without regard to case. */
export function find({ nodes }: Tree, text: string): ReadonlySet<string> {
  const wanted = text.trim().toLowerCase();
  const found = new Set<string>();
  if (wanted === "") return found;
  for (const { id, row } of nodes.values()) {
    if (row === null ? id.toLowerCase().startsWith(wanted) : holds(row, wanted)) found.add(id);
  }
  return found;
}

function holds(row: Row, wanted: string): boolean {
  if (row.id.toLowerCase().startsWith(wanted)) return true;
  const texts = [stepName(row), row.name, row.type, row.model, row.input, row.output, row.error, ...(row.tags ?? [])];
  return texts.some((text) => text?.toLowerCase().includes(wanted));
}
