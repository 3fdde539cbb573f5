import { type Message, messagesOf } from "./message";
import { type Json, type JsonObject, objectOf, type WholeStep } from "./types";

export interface Document {
  id: string | null;
  score: number | null;
  text: string;
  /** Everything else that it says. */
  rest: JsonObject;
}

/** What one side of a step is, for showing it. */
export type Content =
  | { kind: "nothing" }
  | { kind: "text"; text: string }
  | { kind: "messages"; messages: Message[] }
  | { kind: "documents"; documents: Document[]; query: string | null }
  | { kind: "json"; value: Json };

const NOTHING: Content = { kind: "nothing" };
const TEXT_KEYS = ["page_content", "text", "content"] as const;

/** The input or output of a step; of a generation its messages. */
export function contentOf(step: WholeStep, side: "input" | "output"): Content {
  const { generation } = step;
  if (generation !== null) {
    const said = side === "input" ? (generation.messages ?? generation.prompt) : answerOf(step);
    const content = contentOfValue(said);
    if (content.kind !== "nothing") return content;
  }
  return contentOfValue(step[side]);
}

function answerOf(step: WholeStep): Json {
  const answer = step.generation?.messageCompletion ?? null;
  const completion = step.generation?.completion ?? null;
  return objectOf(answer) === null || Object.keys(answer as JsonObject).length === 0 ? completion : answer;
}

/** Any value: text, messages, documents of a search, or JSON. `{"content": x}` is what is stored for a bare x. */
export function contentOfValue(value: Json | undefined): Content {
  if (value === null || value === undefined || value === "") return NOTHING;
  if (typeof value === "string") return { kind: "text", text: value };
  const object = objectOf(value);
  if (object !== null && Object.keys(object).length === 0) return NOTHING;
  const messages = messagesOf(value) ?? (object === null ? null : messagesOf(object.messages));
  if (messages !== null) return { kind: "messages", messages };
  if (object !== null && Object.keys(object).length === 1 && "content" in object) {
    return contentOfValue(object.content);
  }
  const documents = documentsOf(object?.documents ?? value);
  if (documents !== null) {
    const query = object?.query ?? object?.input;
    return { kind: "documents", documents, query: typeof query === "string" ? query : null };
  }
  return { kind: "json", value };
}

function documentsOf(value: Json): Document[] | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  const found: Document[] = [];
  for (const item of value) {
    const document = documentOf(objectOf(item));
    if (document === null) return null;
    found.push(document);
  }
  return found;
}

function documentOf(item: JsonObject | null): Document | null {
  if (item === null) return null;
  const { score, id, node, document, ...rest } = item;
  // LlamaIndex puts the text one level down, beside a score.
  const inner = objectOf(node ?? null) ?? objectOf(document ?? null);
  if (inner !== null) {
    const within = documentOf(inner);
    return within === null ? null : { ...within, score: numberOf(score) ?? within.score };
  }
  const key = TEXT_KEYS.find((name) => typeof rest[name] === "string");
  if (key === undefined) return null;
  const known = ["score", "metadata", "id", "page_content", "text"].filter((name) => name in item);
  if (known.length < 2 && key !== "page_content") return null;
  const { [key]: text, ...others } = rest;
  return { id: typeof id === "string" ? id : null, score: numberOf(score), text: text as string, rest: others };
}

function numberOf(value: Json | undefined): number | null {
  return typeof value === "number" ? value : null;
}
