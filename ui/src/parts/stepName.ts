/** What a step is called: all that the rule below looks at. */
export interface Named {
  name: string | null;
  type: string | null;
  model?: string | null;
}

/**
 * The name that a step is shown by. Of a call of a model it is the given one, unless that is empty or only the beginning
 * of the model's name; then it is the model (P-LOG-08).
 */
export function stepName({ name, type, model }: Named): string {
  const given = name?.trim() ?? "";
  if (model && (given === "" || model.startsWith(given))) return model;
  return given || (type ?? "step").replaceAll("_", " ");
}
