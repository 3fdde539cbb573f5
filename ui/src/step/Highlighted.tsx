import type { ReactNode } from "react";

/** Marks in one text at most: beyond that they would be slower than they are useful. */
const MOST = 200;

/** A text in which every `wanted` is marked, whatever the case. */
export function Highlighted({ text, wanted }: { text: string; wanted: string }): ReactNode {
  if (wanted === "") return text;
  const folded = text.toLowerCase();
  // Some letters change their length with their case; marks would be off then.
  if (folded.length !== text.length) return text;
  const needle = wanted.toLowerCase();
  const pieces: ReactNode[] = [];
  let from = 0;
  for (let at = folded.indexOf(needle); at >= 0 && pieces.length < MOST; at = folded.indexOf(needle, from)) {
    pieces.push(text.slice(from, at), <mark key={at}>{text.slice(at, at + needle.length)}</mark>);
    from = at + needle.length;
  }
  return pieces.length === 0 ? text : [...pieces, text.slice(from)];
}
