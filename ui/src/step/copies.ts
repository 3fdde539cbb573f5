import { type ProviderCall, providerCall } from "./providerCall";
import type { Json, WholeStep } from "./types";

/** End of the body of a curl command: no line of JSON is equal to it. */
const BODY_END = "LITERAL_BODY";

/** The step as the API answers it, without what the page adds. */
export function asJson(step: WholeStep): string {
  return JSON.stringify(step, null, 2);
}

/** What makes the call of a generation again in a shell; null where there is no call. */
export function curlOfCall(step: WholeStep): string | null {
  const call = providerCall(step);
  if (call === null) return null;
  const headers =
    call.protocol === "anthropic"
      ? [`-H "x-api-key: $${call.key}"`, `-H ${quoted("anthropic-version: 2023-06-01")}`]
      : [`-H "Authorization: Bearer $${call.key}"`];
  return [
    `curl ${quoted(call.url)}`,
    ...headers,
    `-H ${quoted("Content-Type: application/json")}`,
    `--data-binary @- <<'${BODY_END}'`,
  ]
    .join(" \\\n  ")
    .concat(`\n${JSON.stringify(call.body, null, 2)}\n${BODY_END}\n`);
}

/** What gets the step from this server in a shell. */
export function curlOfStep(step: WholeStep, server: string): string {
  return `curl ${quoted(`${server}/api/steps/${encodeURIComponent(step.id)}`)} \\\n  -H "x-api-key: $LITERAL_API_KEY"\n`;
}

/** A Python program that makes the call of a generation again, else one that gets the step. */
export function pythonOf(step: WholeStep, server: string): string {
  const call = providerCall(step);
  return call === null ? pythonOfStep(step, server) : pythonOfCall(call);
}

export function pythonOfStep(step: WholeStep, server: string): string {
  return [
    "import os",
    "",
    "from literalai_otel import LiteralClient",
    "",
    `client = LiteralClient(api_key=os.environ["LITERAL_API_KEY"], url=${pythonLiteral(server)})`,
    `print(client.api.get_step(${pythonLiteral(step.id)}))`,
    "",
  ].join("\n");
}

function pythonOfCall(call: ProviderCall): string {
  const request = `request = ${pythonLiteral(call.body)}`;
  const base = new URL(call.url).origin;
  switch (call.protocol) {
    case "anthropic":
      return program(
        "import anthropic",
        request,
        `client = anthropic.Anthropic(base_url=${pythonLiteral(base)})  # reads ${call.key}`,
        "print(client.messages.create(**request))",
      );
    case "mistral":
      return program(
        "import os\n\nfrom mistralai import Mistral",
        request,
        `client = Mistral(api_key=os.environ["${call.key}"], server_url=${pythonLiteral(base)})`,
        "print(client.chat.complete(**request))",
      );
    default: {
      const method =
        call.protocol === "responses"
          ? "responses"
          : call.url.endsWith("/chat/completions")
            ? "chat.completions"
            : "completions";
      return program(
        "from openai import OpenAI",
        request,
        `client = OpenAI(base_url=${pythonLiteral(`${base}/v1`)})  # reads ${call.key}`,
        `print(client.${method}.create(**request))`,
      );
    }
  }
}

function program(imports: string, ...rest: string[]): string {
  return `${imports}\n\n${rest.join("\n")}\n`;
}

/** A word of a shell: nothing in it means anything to the shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** A value as Python writes it. JSON's texts are texts in Python too. */
export function pythonLiteral(value: Json, indent = ""): string {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value !== "object") return JSON.stringify(value);
  const deeper = `${indent}    `;
  const items = Array.isArray(value)
    ? value.map((item) => `${deeper}${pythonLiteral(item, deeper)},`)
    : Object.entries(value).map(([key, item]) => `${deeper}${JSON.stringify(key)}: ${pythonLiteral(item, deeper)},`);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return items.length === 0 ? `${open}${close}` : `${open}\n${items.join("\n")}\n${indent}${close}`;
}
