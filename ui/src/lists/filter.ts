/** The filters of a list as addresses and the API carry them: the grammar of `server/filters.py`. */

export interface Filter {
  field: string;
  operator: string;
  value: FilterValue;
  path?: string;
}

export type FilterValue = string | number | boolean | null | string[];

export type FieldKind = "text" | "choice" | "number" | "time" | "tags" | "score" | "json";

/** A field of a list as the server describes it. */
export interface Field {
  field: string;
  kind: FieldKind;
  operators: string[];
  path: "no" | "optional" | "required";
  /** Whether the server knows values to choose from. */
  facet: boolean;
}

/** Operators in words. */
export const OPERATOR_NAMES: Record<string, string> = {
  eq: "is",
  neq: "is not",
  ilike: "contains",
  nilike: "does not contain",
  in: "is one of",
  nin: "is none of",
  gt: ">",
  gte: "≥",
  lt: "<",
  lte: "≤",
  is: "is empty",
  nis: "is set",
};

const SHORT_NAMES: Record<string, string> = { eq: "=", neq: "≠", ilike: "~", nilike: "!~", in: "in", nin: "not in" };

const FIELD_NAMES: Record<string, string> = {
  createdAt: "Created",
  startTime: "Start",
  endTime: "End",
  scoreValue: "Score",
  score: "Score",
  participantIdentifiers: "User",
  participantIdentifier: "User",
  participant: "User",
  identifier: "User",
  promptLineage: "Prompt",
  promptVersion: "Prompt version",
  threadId: "Thread",
  parentId: "Parent",
  rootRunId: "Root run",
  stepId: "Step",
  datasetExperimentItemId: "Experiment item",
  tokenCount: "Tokens",
  lastEngaged: "Last engaged",
  threadCount: "Threads",
  stepName: "Step name",
  stepType: "Step type",
  stepOutput: "Step output",
  id: "Id",
};

/** A field as people call it: `participantIdentifiers` -> `User`. */
export function fieldName(field: string): string {
  return FIELD_NAMES[field] ?? field.charAt(0).toUpperCase() + field.slice(1);
}

/** A filter on one line, for its chip: `Model = gpt-4o`, `Score helpful ≥ 0.5`. */
export function describe({ field, operator, value, path }: Filter): string {
  const subject = path === undefined ? fieldName(field) : `${fieldName(field)} ${path}`;
  if (operator === "is" || operator === "nis") return `${subject} ${OPERATOR_NAMES[operator]}`;
  const shown = Array.isArray(value) ? value.join(", ") : String(value);
  const single = Array.isArray(value) && value.length === 1;
  const name = single && operator === "in" ? "=" : single && operator === "nin" ? "≠" : SHORT_NAMES[operator];
  return `${subject} ${name ?? OPERATOR_NAMES[operator] ?? operator} ${shown}`;
}

/** Whether an operator takes a list of values. */
export function takesList(operator: string): boolean {
  return operator === "in" || operator === "nin";
}

/**
 * What was typed as the value that the operator wants; `undefined` where it makes none yet. A list comes as its values.
 */
export function typedValue(kind: FieldKind, operator: string, typed: string[]): FilterValue | undefined {
  if (operator === "is" || operator === "nis") return null;
  const values = typed.map((one) => one.trim()).filter((one) => one !== "");
  if (values.length === 0) return undefined;
  if (takesList(operator)) return values;
  const text = values[0] ?? "";
  if (kind === "number" || kind === "score") {
    const number = Number(text);
    return Number.isFinite(number) ? number : undefined;
  }
  if (kind === "time") {
    const time = new Date(text);
    return Number.isNaN(time.valueOf()) ? undefined : time.toISOString();
  }
  return text;
}

/** The filters of an address or of the editor; what is no filter is left out, the server judges the rest. */
export function filtersOf(given: unknown): Filter[] {
  return Array.isArray(given) ? given.filter(isFilter).map(clean) : [];
}

/**
 * The filters that a text in the editor says.
 *
 * @throws Error in words for people when it says none.
 */
export function parseFilters(text: string): Filter[] {
  if (text.trim() === "") return [];
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    throw new Error(`This is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!Array.isArray(given)) throw new Error("Filters are a list: [{field, operator, value, path?}]");
  const wrong = given.findIndex((one) => !isFilter(one));
  if (wrong !== -1)
    throw new Error(`Filter ${wrong + 1} needs field, operator and value; value is a text, number or list of texts`);
  return filtersOf(given);
}

/** The filters with one in the place of `index`, or behind all. */
export function withFilter(filters: readonly Filter[], filter: Filter, index = filters.length): Filter[] {
  return [...filters.slice(0, index), filter, ...filters.slice(index + 1)];
}

function isFilter(given: unknown): given is Filter {
  if (typeof given !== "object" || given === null) return false;
  const { field, operator, value, path } = given as Record<string, unknown>;
  return (
    typeof field === "string" &&
    typeof operator === "string" &&
    (path === undefined || path === null || typeof path === "string") &&
    (value === null ||
      value === undefined ||
      ["string", "boolean"].includes(typeof value) ||
      Number.isFinite(value) ||
      (Array.isArray(value) && value.every((one) => typeof one === "string")))
  );
}

function clean({ field, operator, value, path }: Filter): Filter {
  return { field, operator, value: value ?? null, ...(path ? { path } : {}) };
}
