import { cost, count, duration } from "../parts/format";
import { type Json, objectOf, type WholeStep } from "./types";

export interface Fact {
  name: string;
  value: string;
  /** What the value does not say by itself. */
  about?: string;
}

/** Settings that are said elsewhere. */
const SAID = new Set(["model"]);
/** Sub-counts of tokens in the order in which they are read: key in the metadata, name, what they are a part of. */
const PARTS = [
  ["cache_read_input_tokens", "cached"],
  ["cache_write_input_tokens", "written to the cache"],
  ["reasoning_output_tokens", "reasoning"],
  ["audio_input_tokens", "audio in"],
  ["audio_output_tokens", "audio out"],
  ["image_input_tokens", "images in"],
] as const;

/** What is known about a call of a model, in the order of the panel; what is not known is left out. */
export function generationFacts(step: WholeStep): Fact[] {
  const { generation, metadata } = step;
  if (generation === null) return [];
  const facts: Fact[] = [];
  const add = (name: string, value: string | null | undefined, about?: string) => {
    if (value) facts.push(about === undefined ? { name, value } : { name, value, about });
  };
  const asked = generation.settings?.model;
  const isOther = typeof asked === "string" && asked !== generation.model;
  add("Model", isOther ? asked : generation.model, isOther ? "asked for" : undefined);
  if (isOther) add("Served by", generation.model);
  add("Provider", generation.provider);
  const isEstimate = generation.tokenCountEstimated;
  const estimate = isEstimate ? "estimated: the provider told none" : undefined;
  add("Input tokens", known(generation.inputTokenCount, isEstimate), estimate);
  add("Output tokens", known(generation.outputTokenCount, isEstimate), estimate);
  const usage = objectOf(metadata.usage);
  for (const [key, name] of PARTS) {
    const value = usage?.[key];
    if (typeof value === "number" && value > 0) facts.push({ name: `· ${name}`, value: count(value) });
  }
  if (generation.inputTokenCount === null && generation.outputTokenCount === null) {
    add("Tokens", known(generation.tokenCount, isEstimate), estimate);
  }
  add("First token", generation.ttFirstToken === null ? null : duration(generation.ttFirstToken / 1_000));
  add("Duration", generation.duration === null ? null : duration(generation.duration));
  const speed = generation.tokenThroughputInSeconds;
  add("Throughput", speed === null ? null : `${speed.toFixed(speed < 10 ? 2 : 0)} tokens/s`);
  add("Cost", generation.cost === null ? null : cost(generation.cost), costAbout(step));
  add("Finish reason", words(metadata.finish_reasons));
  add("Request id", words(metadata.request_id));
  add("Response id", words(metadata.response_id));
  add("Retries", metadata.retries ? words(metadata.retries) : null);
  add("Stream", words(metadata.stream_outcome));
  return facts;
}

/** The same in one line: what one wants to know first. */
export function summaryOf(step: WholeStep): string[] {
  const { generation } = step;
  if (generation === null) return [];
  const { inputTokenCount, outputTokenCount, tokenCountEstimated: isEstimate } = generation;
  const cached = objectOf(step.metadata.usage)?.cache_read_input_tokens;
  const tokens =
    inputTokenCount === null && outputTokenCount === null
      ? null
      : `${count(inputTokenCount, isEstimate)} → ${count(outputTokenCount, isEstimate)} tokens`;
  return [
    tokens,
    typeof cached === "number" && cached > 0 ? `${count(cached)} cached` : null,
    generation.ttFirstToken === null ? null : `first token ${duration(generation.ttFirstToken / 1_000)}`,
    generation.duration === null ? null : duration(generation.duration),
    generation.cost === null ? null : cost(generation.cost),
    words(step.metadata.finish_reasons),
  ].filter((part) => part !== null);
}

function costAbout({ generation }: WholeStep): string | undefined {
  if (generation === null || generation.cost === null) return undefined;
  const parts = [
    generation.inputCost === null ? null : `${cost(generation.inputCost)} in`,
    generation.outputCost === null ? null : `${cost(generation.outputCost)} out`,
    generation.priceRule === null ? null : `price: ${generation.priceRule}`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? undefined : parts.join(" · ");
}

/** The settings of a call, each as a short text. */
export function settingFacts(settings: WholeStep["metadata"] | null): Fact[] {
  return Object.entries(settings ?? {})
    .filter(([name, value]) => value !== null && !SAID.has(name))
    .map(([name, value]) => ({ name, value: words(value) ?? "" }));
}

/** What the sender or the server could not keep whole, in words; empty where all is there. */
export function lossesOf({ metadata, raw }: WholeStep): string[] {
  const found: string[] = [];
  const cut = objectOf(metadata["literalai.truncated"]);
  if (cut !== null) {
    for (const [field, size] of Object.entries(cut)) {
      found.push(`${field} was cut${typeof size === "number" ? ` from ${count(size)} bytes` : ""}.`);
    }
  }
  if (metadata.truncated === true) found.push("Texts were cut where they were recorded.");
  const dropped = words(metadata.content_dropped);
  if (dropped !== null) found.push(`Content is missing: ${dropped}.`);
  if (raw?.cut) found.push("The span was too large to be kept whole.");
  return found;
}

function known(value: number | null, isEstimate: boolean): string | null {
  return value === null ? null : count(value, isEstimate);
}

/** A short text for any value, null for none. */
export function words(value: Json | undefined): string | null {
  if (value === null || value === undefined || value === "") return null;
  if (Array.isArray(value) && value.every((item) => typeof item !== "object")) return value.join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
