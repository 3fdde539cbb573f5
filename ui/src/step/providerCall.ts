import { type Json, type JsonObject, objectOf, type WholeStep } from "./types";

/** A call of a model as its provider takes it. */
export interface ProviderCall {
  /** `openai` stands for whatever speaks OpenAI's protocol. */
  protocol: "openai" | "responses" | "anthropic" | "mistral";
  url: string;
  /** Environment variable that holds the key. */
  key: string;
  body: JsonObject;
}

const OPENAI_KEYS = ["role", "content", "name", "tool_calls", "tool_call_id", "refusal", "audio"];
/** What we note beside a provider's own parameters. */
const NOT_PARAMETERS = new Set(["output_type", "messages", "input", "tools"]);
const ANTHROPIC_TOKENS = 1_024;

/** The call that a generation recorded, ready to be made again; null where there is nothing to send. */
export function providerCall(step: WholeStep): ProviderCall | null {
  const { generation } = step;
  if (generation === null) return null;
  const provider = (generation.provider ?? "").toLowerCase();
  const settings = Object.fromEntries(
    Object.entries(generation.settings ?? {}).filter(([name, value]) => value !== null && !NOT_PARAMETERS.has(name)),
  );
  const shared: JsonObject = { ...settings, model: settings.model ?? generation.model };
  const tools: JsonObject =
    Array.isArray(generation.tools) && generation.tools.length > 0 ? { tools: generation.tools } : {};
  const address = addressOf(step);
  const messages = Array.isArray(generation.messages) ? generation.messages : null;
  if (messages === null) {
    if (typeof generation.prompt !== "string") return null;
    const url = `${address ?? "https://api.openai.com"}/v1/completions`;
    return { protocol: "openai", url, key: "OPENAI_API_KEY", body: { ...shared, prompt: generation.prompt } };
  }
  if (provider.includes("anthropic")) {
    const url = `${address ?? "https://api.anthropic.com"}/v1/messages`;
    const body = { max_tokens: ANTHROPIC_TOKENS, ...shared, ...tools, ...anthropicMessages(messages) };
    return { protocol: "anthropic", url, key: "ANTHROPIC_API_KEY", body };
  }
  const sent = messages.map(openaiMessage);
  if (step.metadata.api_type === "responses") {
    const url = `${address ?? "https://api.openai.com"}/v1/responses`;
    return { protocol: "responses", url, key: "OPENAI_API_KEY", body: { ...shared, ...tools, input: sent } };
  }
  const body = { ...shared, ...tools, messages: sent };
  if (provider.includes("mistral")) {
    const url = `${address ?? "https://api.mistral.ai"}/v1/chat/completions`;
    return { protocol: "mistral", url, key: "MISTRAL_API_KEY", body };
  }
  const url = `${address ?? "https://api.openai.com"}/v1/chat/completions`;
  return { protocol: "openai", url, key: "OPENAI_API_KEY", body };
}

/** Where the call went, if the span says so: `https://host`, plain HTTP for this machine. */
function addressOf({ metadata }: WholeStep): string | null {
  const host = metadata.server_address;
  if (typeof host !== "string" || !/^[\w.-]+$/.test(host)) return null;
  const port = typeof metadata.server_port === "number" ? metadata.server_port : null;
  const scheme = port === 80 || host === "localhost" || /^127\./.test(host) ? "http" : "https";
  return `${scheme}://${host}${port === null || port === 443 || port === 80 ? "" : `:${port}`}`;
}

function openaiMessage(message: Json): Json {
  const known = objectOf(message);
  if (known === null) return message;
  return Object.fromEntries(OPENAI_KEYS.flatMap((key) => (known[key] == null ? [] : [[key, known[key]]])));
}

/** Anthropic keeps the system's words apart, and calls and their results are parts. */
function anthropicMessages(messages: Json[]): JsonObject {
  const system: string[] = [];
  const rest: JsonObject[] = [];
  for (const message of messages) {
    const known = objectOf(message);
    if (known === null) continue;
    if (known.role === "system") {
      system.push(typeof known.content === "string" ? known.content : JSON.stringify(known.content));
    } else if (known.role === "tool") {
      const id = known.tool_call_id ?? null;
      rest.push({ role: "user", content: [{ type: "tool_result", tool_use_id: id, content: known.content ?? null }] });
    } else {
      rest.push({ role: known.role ?? "user", content: anthropicContent(known) });
    }
  }
  return { ...(system.length > 0 ? { system: system.join("\n\n") } : {}), messages: rest };
}

function anthropicContent({ content = null, tool_calls: calls }: JsonObject): Json {
  if (!Array.isArray(calls) || calls.length === 0) return content;
  const said: Json[] = typeof content === "string" && content !== "" ? [{ type: "text", text: content }] : [];
  return [
    ...(Array.isArray(content) ? content : said),
    ...calls.map((item): Json => {
      const call = objectOf(item) ?? {};
      const called = objectOf(call.function) ?? {};
      return { type: "tool_use", id: call.id ?? null, name: called.name ?? null, input: argumentsOf(called.arguments) };
    }),
  ];
}

function argumentsOf(value: Json | undefined): Json {
  if (typeof value !== "string") return value ?? {};
  try {
    return JSON.parse(value) as Json;
  } catch {
    return value;
  }
}
