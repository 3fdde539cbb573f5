import { useMutation, useQueryClient } from "@tanstack/react-query";
import { graphql } from "../api/graphql";
import { request } from "../api/request";
import { useProjectId } from "../frame/project";
import { sayError } from "../parts/toasts";
import type { ScoreType, WholeStep } from "./types";

/** A change of a step on the server; the step and the lists that show it are read again. */
function useStepChange<T>(step: WholeStep, perform: (project: string, input: T) => Promise<unknown>) {
  const project = useProjectId();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (input: T) => perform(project, input),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["step", project, step.id] });
      void client.invalidateQueries({ queryKey: ["tags", project] });
      void client.invalidateQueries({ queryKey: ["logs", project] });
    },
    onError: sayError,
  });
}

interface Results {
  results: { id: string; ok: boolean; message?: string }[];
}

/** Gives and takes tags. */
export function useTagging(step: WholeStep) {
  return useStepChange(step, async (project, change: { add?: string[]; remove?: string[] }) => {
    const kind = step.generation === null ? "steps" : "generations";
    const body = { ids: [step.id], ...change };
    const { results } = await request<Results>(`api/logs/${kind}/tags`, { method: "POST", project, body });
    const refused = results.find(({ ok }) => !ok);
    if (refused !== undefined) throw new Error(refused.message ?? "The tags were not changed.");
  });
}

export interface ScoreInput {
  name: string;
  type: ScoreType;
  value: number;
  label?: string;
  comment?: string;
  scoreSchemaId?: string;
}

const CREATE = `mutation($step: String!, $name: String!, $type: ScoreType!, $value: Float, $label: String,
  $comment: String, $schema: String) { createScore(stepId: $step, name: $name, type: $type, value: $value,
  label: $label, comment: $comment, scoreSchemaId: $schema) { id } }`;
const UPDATE = `mutation($id: String!, $value: Float, $label: String, $comment: String) {
  updateScore(id: $id, value: $value, label: $label, comment: $comment) { id } }`;
const DELETE = "mutation($id: String!) { deleteScore(id: $id) { id } }";

/** A new score of the step. */
export function useScoring(step: WholeStep) {
  return useStepChange(step, (project, { scoreSchemaId, ...score }: ScoreInput) =>
    graphql(project, CREATE, {
      ...score,
      step: step.id,
      ...(scoreSchemaId === undefined ? {} : { schema: scoreSchemaId }),
    }),
  );
}

/** Another value, label or comment for a score that is there. */
export function useRescoring(step: WholeStep) {
  return useStepChange(step, (project, change: { id: string; value?: number; label?: string; comment?: string }) =>
    graphql(project, UPDATE, change),
  );
}

/** Takes a score away. */
export function useUnscoring(step: WholeStep) {
  return useStepChange(step, (project, id: string) => graphql(project, DELETE, { id }));
}
