import type { Filter } from "./filter";
import type { Order } from "./listSearch";
import type { Kind } from "./rows";

/** The SDK's method and the GraphQL field of each list. */
const NAMES: Record<Kind, { method: string; field: string; entity: string }> = {
  threads: { method: "get_threads", field: "threads", entity: "threads" },
  runs: { method: "get_steps", field: "steps", entity: "steps" },
  generations: { method: "get_generations", field: "generations", entity: "generations" },
  steps: { method: "get_steps", field: "steps", entity: "steps" },
  scores: { method: "get_scores", field: "scores", entity: "scores" },
  users: { method: "get_participants", field: "participants", entity: "participants" },
};

/** A run is a step of that type without a run above; the second half is for the reader of the answer. */
const RUNS: Filter = { field: "type", operator: "eq", value: "run" };

interface Asked {
  kind: Kind;
  url: string;
  filters: readonly Filter[];
  order: Order | null;
}

/** Python that reads what the list shows, all pages of it, by the SDK (P-XPT-01). */
export function pythonCode({ kind, url, filters, order }: Asked): string {
  const ordered = order === null ? "" : `, order_by=${python({ column: order.column, direction: direction(order) })}`;
  return `from literalai_otel import LiteralClient

client = LiteralClient(url=${python(url)})  # the key from LITERAL_API_KEY
filters = ${python(all(kind, filters))}
after = None
while True:
    page = client.api.${NAMES[kind].method}(first=100, after=after, filters=filters${ordered})
    for ${kind.slice(0, -1)} in page.data:
        print(${kind.slice(0, -1)}.to_dict())
    if not page.page_info.has_next_page:
        break
    after = page.page_info.end_cursor`;
}

/** The first page over HTTP. */
export function curlCode({ kind, url, filters, order }: Asked): string {
  const { field, entity } = NAMES[kind];
  const type = `[${entity}InputType!]`;
  const ordered = order === null ? "" : `, orderBy: {column: "${order.column}", direction: ${direction(order)}}`;
  const query =
    `query($filters: ${type}) { ${field}(first: 100, filters: $filters${ordered}) ` +
    "{ pageInfo { hasNextPage endCursor } edges { node { id } } } }";
  const body = JSON.stringify({ query, variables: { filters: all(kind, filters) } });
  return [
    `curl ${url}/api/graphql \\`,
    '  -H "content-type: application/json" \\',
    '  -H "x-api-key: $LITERAL_API_KEY" \\',
    `  -d '${body.replaceAll("'", "'\\''")}'`,
  ].join("\n");
}

function all(kind: Kind, filters: readonly Filter[]): Filter[] {
  return kind === "runs" ? [RUNS, ...filters] : [...filters];
}

function direction({ descending }: Order): string {
  return descending ? "DESC" : "ASC";
}

/** A value of JSON as Python writes it. */
export function python(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
  if (typeof value === "object") {
    return `{${Object.entries(value)
      .map(([name, one]) => `${python(name)}: ${python(one)}`)
      .join(", ")}}`;
  }
  return JSON.stringify(value);
}
