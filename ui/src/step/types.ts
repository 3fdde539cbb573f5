/** Any value that came as JSON. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export type ScoreType = "HUMAN" | "CODE" | "AI";

export interface Score {
  id: string;
  name: string;
  type: ScoreType;
  value: number | null;
  label: string | null;
  comment: string | null;
  scorer: string | null;
  createdBy: string | null;
  scoreSchemaId: string | null;
}

export interface Attachment {
  id: string;
  name: string | null;
  mime: string | null;
  url: string | null;
  metadata: JsonObject;
  /** Bytes, where the file is with this server. */
  size: number | null;
  isOurs: boolean;
  /** How it may be shown; null: only as a download. */
  preview: "image" | "audio" | "video" | "pdf" | "text" | null;
}

export interface Generation {
  type: "CHAT" | "COMPLETION";
  provider: string | null;
  model: string | null;
  error: string | null;
  settings: JsonObject | null;
  tools: Json;
  messages: Json;
  messageCompletion: Json;
  prompt: Json;
  completion: Json;
  variables: Json;
  promptId: string | null;
  promptLineage: string | null;
  promptVersion: number | null;
  inputTokenCount: number | null;
  outputTokenCount: number | null;
  tokenCount: number | null;
  tokenCountEstimated: boolean;
  /** Milliseconds. */
  ttFirstToken: number | null;
  /** Seconds. */
  duration: number | null;
  tokenThroughputInSeconds: number | null;
  inputCost: number | null;
  outputCost: number | null;
  cost: number | null;
  priceRule: string | null;
}

/** The span that a step was made from, as far as the step does not say it. */
export interface RawSpan {
  kind: string | null;
  status: string | null;
  statusText: string | null;
  traceId: string | null;
  spanId: string | null;
  parentSpanId: string | null;
  traceState: string | null;
  scope: JsonObject | null;
  resource: JsonObject | null;
  attributes: JsonObject;
  events: JsonObject[];
  links: JsonObject[];
  /** False where an SDK of ours sent the step: then only its metadata tell of the span. */
  whole: boolean;
  cut: boolean;
}

interface User {
  id: string;
  identifier: string;
  metadata: JsonObject;
}

/** `GET /api/steps/{id}`. Times are ISO texts. */
export interface WholeStep {
  id: string;
  name: string | null;
  type: string | null;
  threadId: string | null;
  parentId: string | null;
  rootRunId: string | null;
  environment: string | null;
  error: string | null;
  startTime: string | null;
  endTime: string | null;
  createdAt: string;
  tags: string[];
  input: Json;
  output: Json;
  metadata: JsonObject;
  generation: Generation | null;
  scores: Score[];
  attachments: Attachment[];
  thread: { id: string; name: string | null; participant: User | null } | null;
  raw: RawSpan | null;
}

/** The object behind a value, null for anything else. */
export function objectOf(value: Json | undefined): JsonObject | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
}
