import { address } from "./address";

/** What the server refused, in words for people; `code` as in `server/problems.py`, `GONE` where nothing answered. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

export interface Ask {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Public id of the project that the request is about. */
  project?: string;
  body?: unknown;
  query?: Record<string, string | number | boolean | undefined>;
  signal?: AbortSignal;
}

type Listener = (error: ApiError) => void;
const listeners = new Set<Listener>();
let csrfToken: string | null = null;

/** Kept from each answer that describes the session. */
export function setCsrfToken(token: string | null): void {
  csrfToken = token;
}

/** Calls `listener` for each refusal that concerns the page as a whole: 401, and a server that does not answer. */
export function onRefusal(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * One request to the server, its answer as JSON (`undefined` for an empty one).
 *
 * @throws ApiError when the server refuses or does not answer; `DOMException` when `signal` aborts.
 */
export async function request<T>(path: string, ask: Ask = {}): Promise<T> {
  const { method = "GET", project, body, query, signal } = ask;
  const headers = new Headers({ accept: "application/json" });
  if (project !== undefined) headers.set("x-project-id", project);
  if (body !== undefined) headers.set("content-type", "application/json");
  if (method !== "GET" && csrfToken !== null) headers.set("x-csrf-token", csrfToken);
  const init: RequestInit = { method, headers, credentials: "same-origin" };
  if (body !== undefined) init.body = JSON.stringify(body);
  if (signal !== undefined) init.signal = signal;
  let answer: Response;
  try {
    answer = await fetch(address(path) + search(query), init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw told(new ApiError(0, "GONE", "The server does not answer."));
  }
  if (!answer.ok) throw told(await refusal(answer));
  const text = await answer.text();
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

/** `?a=1&b=2` of what is defined, or nothing. */
export function search(query: Ask["query"] = {}): string {
  const pairs = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  return pairs.length === 0 ? "" : `?${new URLSearchParams(pairs)}`;
}

function told(error: ApiError): ApiError {
  if (error.status === 401 || error.status === 0) for (const listener of listeners) listener(error);
  return error;
}

interface Refusal {
  errors?: { message?: string; extensions?: { code?: string } }[];
}

async function refusal(answer: Response): Promise<ApiError> {
  let said: Refusal = {};
  try {
    said = (await answer.json()) as Refusal;
  } catch {
    // A proxy's own error page: the status says it all.
  }
  const first = said.errors?.[0];
  const message = first?.message ?? `The server answered ${answer.status} ${answer.statusText}`.trim();
  return new ApiError(answer.status, first?.extensions?.code ?? "UNKNOWN", message);
}
