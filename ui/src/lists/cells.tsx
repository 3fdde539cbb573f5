import { Chip } from "../parts/Chip";
import { compact, count } from "../parts/format";
import { Glyph } from "../parts/Glyph";
import { TagName } from "../settings/TagName";
import type { Generation, Mean, Totals } from "./rows";

/** Chips that a row has room for; the others are counted. */
const SHOWN = 3;

/** Two lines of what was said; the whole preview on hover. */
export function Preview({ text }: { text: string | null }) {
  if (text === null || text === "") return <span className="muted">–</span>;
  return (
    <span className="preview" dir="auto" title={text}>
      {text}
    </span>
  );
}

export function Tags({ names }: { names: readonly string[] }) {
  return (
    <span className="chips">
      {names.slice(0, SHOWN).map((name) => (
        <TagName key={name} name={name} />
      ))}
      <Others names={names.slice(SHOWN)} />
    </span>
  );
}

/** Each name with the mean of its scores. */
export function Scores({ means }: { means: readonly Mean[] | null }) {
  if (means === null) return <span className="muted">in the thread</span>;
  return (
    <span className="chips">
      {means.slice(0, SHOWN).map(({ name, value, count: number }) => (
        <Chip key={name} title={number > 1 ? `${name}: mean of ${number}` : name}>
          {name} <b>{rounded(value)}</b>
        </Chip>
      ))}
      <Others names={means.slice(SHOWN).map(({ name, value }) => `${name} ${rounded(value)}`)} />
    </span>
  );
}

function Others({ names }: { names: readonly string[] }) {
  if (names.length === 0) return null;
  return (
    <span className="muted" title={names.join("\n")}>
      +{names.length}
    </span>
  );
}

/** A score's value with as many digits as say something. */
export function rounded(value: number | null): string {
  return value === null ? "–" : String(Math.round(value * 1_000) / 1_000);
}

/** Tokens in and out of a call, `≈` where the server estimated them. */
export function GenerationTokens({ generation }: { generation: Generation | null }) {
  if (generation === null || generation.tokenCount === null) return <span className="muted">–</span>;
  const { inputTokenCount, outputTokenCount, tokenCount, tokenCountEstimated } = generation;
  const told = `${count(inputTokenCount)} in, ${count(outputTokenCount)} out`;
  return (
    <span title={tokenCountEstimated ? `Estimated: ${told}` : told}>{count(tokenCount, tokenCountEstimated)}</span>
  );
}

export function TotalTokens({ totals }: { totals: Totals | null }) {
  if (totals === null || totals.tokenCount === null) return <span className="muted">–</span>;
  return (
    <span title={`${count(totals.inputTokenCount)} in, ${count(totals.outputTokenCount)} out`}>
      {totals.tokenCount < 100_000 ? count(totals.tokenCount) : compact(totals.tokenCount)}
    </span>
  );
}

/** A shape and, where there are several, their number; what went wrong on hover. */
export function Errors({ number, text }: { number?: number; text?: string | null }) {
  if (!number && !text) return null;
  return (
    <span className="row-error" title={text ?? undefined}>
      <Glyph name="error" label={text ?? "Errors"} />
      {number !== undefined && number > 0 && number}
    </span>
  );
}
