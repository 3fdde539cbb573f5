import { isContainer, type Node, sizeOf } from "./nodes";

export type Style = "yaml" | "json";

/** A line of a shown value. `text` is what stands behind the label. */
export type Row =
  | { kind: "node"; place: number; text: string }
  | { kind: "line"; place: number; text: string }
  | { kind: "more"; place: number; size: number }
  | { kind: "close"; place: number; text: string };

/** Characters and lines of a text that are shown before it is asked for whole. */
const SHORT_TEXT = 400;
const SHORT_LINES = 8;
/** Characters of one row: a line of megabytes would be laid out as one. */
export const ROW_TEXT = 2_000;

/** The lines of a text, long ones in pieces of `ROW_TEXT`. No pair of surrogates is torn. */
export function linesOf(text: string): string[] {
  const found: string[] = [];
  for (const line of text.split("\n")) {
    for (let from = 0; from < line.length || from === 0; ) {
      let to = from + ROW_TEXT;
      if (to < line.length && isHighSurrogate(line.charCodeAt(to - 1))) to += 1;
      found.push(line.slice(from, to));
      from = to;
    }
  }
  return found;
}

/** The first lines and characters of a text, or all of it where that is no more. */
export function startOf(text: string, characters: number, lines: number): string {
  const short = text.length > characters ? text.slice(0, characters) : text;
  const whole = isHighSurrogate(short.charCodeAt(short.length - 1)) ? short.slice(0, -1) : short;
  const kept = whole.split("\n", lines + 1);
  return kept.length > lines ? kept.slice(0, lines).join("\n") : whole;
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

/** Bytes of a text in UTF-8. */
export function sizeOfText(text: string): number {
  return new Blob([text]).size;
}

/** The rows of a value. `whole`: places of texts that are shown to their end. */
export function rowsOf(
  nodes: readonly Node[],
  folded: ReadonlySet<number>,
  whole: ReadonlySet<number>,
  style: Style,
): Row[] {
  const rows: Row[] = [];
  const closing: number[] = [];
  const close = (before: number) => {
    for (let at = closing.at(-1); at !== undefined && (nodes[at]?.end ?? 0) <= before; at = closing.at(-1)) {
      closing.pop();
      rows.push({ kind: "close", place: at, text: Array.isArray(nodes[at]?.value) ? "]" : "}" });
    }
  };
  for (let place = 0; place < nodes.length; ) {
    const node = nodes[place];
    if (node === undefined) break;
    close(place);
    const { value } = node;
    if (isContainer(value)) {
      const isFolded = folded.has(place);
      // YAML has no line for the value around everything.
      if (place > 0 || style === "json" || isFolded || sizeOf(value) === 0) {
        rows.push({ kind: "node", place, text: opening(node, isFolded, style) });
      }
      if (style === "json" && !isFolded && sizeOf(value) > 0) closing.push(place);
      place = isFolded ? node.end : place + 1;
      continue;
    }
    if (typeof value === "string") textRows(rows, place, value, whole.has(place), style);
    else rows.push({ kind: "node", place, text: String(value) });
    place += 1;
  }
  close(Number.MAX_SAFE_INTEGER);
  return rows;
}

function opening(node: Node, isFolded: boolean, style: Style): string {
  const size = sizeOf(node.value);
  const isList = Array.isArray(node.value);
  if (size === 0) return isList ? "[]" : "{}";
  if (style === "json") return isFolded ? (isList ? `[ … ${size} ]` : `{ … ${size} }`) : isList ? "[" : "{";
  return isFolded ? `… ${size}` : "";
}

function textRows(rows: Row[], place: number, text: string, isWhole: boolean, style: Style): void {
  const isLong = text.length > SHORT_TEXT;
  const isBlock = text.includes("\n");
  if (!isLong && !isBlock) {
    rows.push({ kind: "node", place, text: style === "json" ? JSON.stringify(text) : plainOrQuoted(text) });
    return;
  }
  const shown = isWhole ? text : startOf(text, SHORT_TEXT, SHORT_LINES);
  rows.push({ kind: "node", place, text: style === "yaml" ? (isBlock ? "|" : ">") : '"' });
  for (const line of linesOf(shown)) rows.push({ kind: "line", place, text: line });
  if (shown.length < text.length) rows.push({ kind: "more", place, size: sizeOfText(text) });
  else if (style === "json") rows.push({ kind: "line", place, text: '"' });
}

/** A text as YAML writes it on one line. */
export function plainOrQuoted(text: string): string {
  return isAmbiguous(text) ? JSON.stringify(text) : text;
}

/** Whether a bare text would be read as something else in YAML. */
function isAmbiguous(text: string): boolean {
  return (
    text === "" ||
    text.includes("\n") ||
    /^(true|false|null|yes|no|on|off|~|\+?\.inf|\.nan)$/i.test(text) ||
    /^[\s\-?:,[\]{}#&*!|>'"%@`]/.test(text) ||
    /:\s|\s#|\s$|:$/.test(text) ||
    /^[-+.]?\d/.test(text)
  );
}
