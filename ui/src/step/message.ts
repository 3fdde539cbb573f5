import { type Json, type JsonObject, objectOf } from "./types";

/** A piece of a message, in the form in which it is shown. */
export type Part =
  | { kind: "text"; text: string }
  | { kind: "reasoning"; text: string }
  | { kind: "refusal"; text: string }
  | { kind: "call"; id: string | null; name: string; arguments: Json }
  | { kind: "result"; id: string | null; name: string | null; value: Json }
  | { kind: "media"; media: "image" | "audio" | "video" | "file"; source: string; about: string | null }
  | { kind: "unknown"; value: Json };

export interface Message {
  role: string;
  name: string | null;
  parts: Part[];
}

/** Roles as others write them: LangChain's types, Gemini's model, OpenAI's developer. */
const ROLES: Record<string, string> = {
  human: "user",
  ai: "assistant",
  AIMessageChunk: "assistant",
  model: "assistant",
  developer: "system",
  function: "tool",
  tool_result: "tool",
};
const LANGCHAIN_TYPES = new Set(["human", "ai", "AIMessageChunk", "system", "tool", "function", "chat"]);
const MEDIA_WORDS = ["image", "audio", "video"] as const;

/** The messages behind a value: a list of them, or one; null when they are none. */
export function messagesOf(value: Json | undefined): Message[] | null {
  const list = Array.isArray(value) ? value : [value ?? null];
  if (list.length === 0) return null;
  const found: Message[] = [];
  for (const item of list) {
    // LangChain's batches are lists of lists.
    const inner = Array.isArray(item) ? messagesOf(item) : null;
    if (inner !== null) {
      found.push(...inner);
      continue;
    }
    const message = objectOf(item);
    if (message === null || !isMessage(message)) return null;
    found.push(messageOf(message));
  }
  return found;
}

function isMessage(value: JsonObject): boolean {
  if (typeof value.role === "string") {
    return ["content", "parts", "tool_calls", "reasoning_content", "refusal", "function_call", "tool_call_id"].some(
      (key) => key in value,
    );
  }
  return langchain(value) !== null;
}

/** The fields of a LangChain message, which may be wrapped in `{lc, kwargs}` or `{type, data}`. */
function langchain(value: JsonObject): JsonObject | null {
  const kwargs = objectOf(value.kwargs);
  if (value.lc !== undefined && kwargs !== null) return langchain(kwargs);
  if (typeof value.type !== "string" || !LANGCHAIN_TYPES.has(value.type)) return null;
  const data = objectOf(value.data);
  if (data !== null && "content" in data) return { ...data, type: value.type };
  return "content" in value ? value : null;
}

function messageOf(value: JsonObject): Message {
  const said = typeof value.role === "string" ? value : (langchain(value) ?? value);
  const given = typeof said.role === "string" ? said.role : String(said.type);
  const role = ROLES[given] ?? given;
  const parts: Part[] = [];
  const reasoning = said.reasoning_content ?? said.reasoning ?? said.thinking;
  if (typeof reasoning === "string" && reasoning !== "") parts.push({ kind: "reasoning", text: reasoning });
  const refusal = typeof said.refusal === "string" && said.refusal !== "" ? said.refusal : null;
  const id = textOf(said.tool_call_id);
  const answers = role === "tool" && said.parts === undefined;
  if (answers) {
    parts.push({ kind: "result", id, name: textOf(said.name), value: plainResult(said.content ?? null) });
  } else {
    const content = said.parts ?? said.content ?? null;
    for (const part of partsOf(content)) {
      // A refusal is the content too, where there is no other.
      if (!(refusal !== null && part.kind === "text" && part.text === refusal)) parts.push(part);
    }
  }
  if (refusal !== null) parts.push({ kind: "refusal", text: refusal });
  parts.push(...callsOf(said));
  return { role, name: answers ? null : textOf(said.name), parts };
}

function partsOf(content: Json): Part[] {
  if (content === null || content === "") return [];
  if (Array.isArray(content)) return content.flatMap((item) => partsOf1(item));
  return partsOf1(content);
}

function partsOf1(item: Json): Part[] {
  if (typeof item === "string") return item === "" ? [] : [{ kind: "text", text: item }];
  const part = objectOf(item);
  return part === null ? [{ kind: "unknown", value: item }] : [partOf(part)];
}

function partOf(part: JsonObject): Part {
  const type = textOf(part.type) ?? (typeof part.text === "string" ? "text" : "");
  const media = mediaOf(part, type);
  if (media !== null) return media;
  switch (type) {
    case "text":
    case "input_text":
    case "output_text": {
      const text = part.text ?? part.content;
      if (typeof text === "string") return { kind: "text", text };
      break;
    }
    case "reasoning":
    case "thinking": {
      const text = part.content ?? part.thinking ?? part.text ?? part.reasoning;
      if (typeof text === "string") return { kind: "reasoning", text };
      break;
    }
    case "refusal": {
      const text = part.content ?? part.refusal;
      if (typeof text === "string") return { kind: "refusal", text };
      break;
    }
    case "tool_call":
    case "tool_use":
    case "function_call":
      return {
        kind: "call",
        id: textOf(part.id) ?? textOf(part.call_id),
        name: textOf(part.name) ?? "",
        arguments: parsed(part.arguments ?? part.input ?? part.args ?? null),
      };
    case "tool_call_response":
    case "tool_result":
    case "function_call_output":
      return {
        kind: "result",
        id: textOf(part.id) ?? textOf(part.tool_use_id) ?? textOf(part.call_id),
        name: textOf(part.name),
        value: plainResult(part.response ?? part.result ?? part.content ?? part.output ?? null),
      };
  }
  return { kind: "unknown", value: part };
}

/** Where an image, sound, video or file of a part is: a reference, a data address, or an address elsewhere. */
function mediaOf(part: JsonObject, type: string): Part | null {
  const image = objectOf(part.image_url);
  const about = aboutOf(part);
  if (type === "image_url" || image !== null) {
    const source = image?.url ?? part.image_url;
    return typeof source === "string" ? { kind: "media", media: "image", source, about } : null;
  }
  const audio = objectOf(part.input_audio);
  if (audio !== null && typeof audio.data === "string") {
    const format = textOf(audio.format) ?? "wav";
    return { kind: "media", media: "audio", source: `data:audio/${format};base64,${audio.data}`, about };
  }
  const source = objectOf(part.source);
  if (source !== null && typeof source.data === "string") {
    const mime = textOf(source.media_type) ?? "application/octet-stream";
    return { kind: "media", media: wordOf(type, mime), source: `data:${mime};base64,${source.data}`, about };
  }
  const mime = textOf(part.mime_type) ?? textOf(part.media_type);
  const address = textOf(part.uri) ?? textOf(source?.url);
  if (address !== null) {
    return { kind: "media", media: wordOf(textOf(part.modality) ?? type, mime), source: address, about };
  }
  if (type === "blob" && typeof part.content === "string") {
    const known = mime ?? "application/octet-stream";
    const data = part.content.startsWith("data:") ? part.content : `data:${known};base64,${part.content}`;
    return { kind: "media", media: wordOf(textOf(part.modality) ?? "", known), source: data, about };
  }
  return null;
}

function wordOf(type: string, mime: string | null): "image" | "audio" | "video" | "file" {
  return MEDIA_WORDS.find((word) => type.includes(word) || mime?.startsWith(`${word}/`)) ?? "file";
}

/** The words beside a piece of media: a text of its own, or what a placeholder says. */
function aboutOf(part: JsonObject): string | null {
  return textOf(part.text) ?? textOf(part.name) ?? textOf(part.revised_prompt);
}

function callsOf(message: JsonObject): Part[] {
  const beside = objectOf(message.additional_kwargs);
  const listed = [message.tool_calls, beside?.tool_calls].find((calls) => Array.isArray(calls) && calls.length > 0);
  const calls = Array.isArray(listed) ? listed : [];
  const old = objectOf(message.function_call) ?? objectOf(beside?.function_call);
  return [...calls, ...(old === null ? [] : [{ function: old }])].map((item) => {
    const call = objectOf(item);
    if (call === null) return { kind: "unknown", value: item };
    const called = objectOf(call.function) ?? objectOf(call.custom) ?? call;
    return {
      kind: "call",
      id: textOf(call.id),
      name: textOf(called.name) ?? "",
      arguments: parsed(called.arguments ?? called.args ?? called.input ?? null),
    };
  });
}

/** A result that is nothing but one text part is that text. */
function plainResult(value: Json): Json {
  if (Array.isArray(value) && value.length === 1) {
    const part = partsOf1(value[0] ?? null)[0];
    if (part?.kind === "text") return parsed(part.text);
  }
  return parsed(value);
}

/** What the JSON of a text says, if it is an object or a list; anything else as it is. */
export function parsed(value: Json): Json {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value) as Json;
  } catch {
    return value;
  }
}

function textOf(value: Json | undefined): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
