import { BASE } from "../api/address";

/** The frameworks that have instrumentors. */
export const FRAMEWORKS = "OpenAI, Mistral AI, LangChain and LlamaIndex";

/** Where programs send to: the address of this page without a slash at the end. */
export function serverUrl(): string {
  return (window.location.origin + BASE).replace(/\/$/, "");
}

/** Commands that run an application so that it sends to this server; without `key` a placeholder stands for it. */
export function instrumentSnippet(key: string = "…"): string {
  return [
    `export LITERAL_API_URL=${serverUrl()}`,
    `export LITERAL_API_KEY=${key}`,
    "export OTEL_PYTHON_DISTRO=literalai OTEL_PYTHON_CONFIGURATOR=literalai",
    "opentelemetry-instrument python app.py",
  ].join("\n");
}

/** The same in code, for programs that set themselves up. */
export function pythonSnippet(key: string = "…"): string {
  return `import literalai_otel\n\nliteralai_otel.init(url="${serverUrl()}", api_key="${key}")`;
}
