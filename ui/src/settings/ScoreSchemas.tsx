import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { graphql } from "../api/graphql";
import type { Project } from "../api/session";
import { Button } from "../parts/Button";
import { Confirm } from "./Confirm";
import { useChange } from "./change";
import { refusal } from "./rights";
import { ScoreSchemaForm } from "./ScoreSchemaForm";
import { type ScoreSchema, schemasQuery } from "./scoreSchemas";

const DELETE = "mutation($id: String!) { deleteScoreSchema(id: $id) { id } }";

/** Score schemas: a score under a name that has one is held against it. */
export function ScoreSchemas({ project }: { project: Project }) {
  const { data: schemas, error } = useQuery(schemasQuery(project.id));
  const [editing, setEditing] = useState<ScoreSchema | "new" | null>(null);
  const [deleting, setDeleting] = useState<ScoreSchema | null>(null);
  const refused = refusal(project, "observability");
  return (
    <>
      <p>
        Scores of a name that has a schema are held against it: a category of a list, or a number in a range. What
        changes in a schema is for scores to come: those that are there keep name, value and label.
      </p>
      {error !== null && <p role="alert">{error.message}</p>}
      {schemas !== undefined && schemas.length > 0 && (
        <table className="table" aria-label="Score schemas">
          <thead>
            <tr>
              <th>Name</th>
              <th>Values</th>
              <th>About</th>
              <th aria-label="Actions" />
            </tr>
          </thead>
          <tbody>
            {schemas.map((schema) => (
              <tr key={schema.id}>
                <td dir="auto">{schema.name}</td>
                <td>{valuesOf(schema)}</td>
                <td dir="auto">{schema.description}</td>
                <td className="table-actions">
                  <Button
                    look="plain"
                    aria-label={`Change ${schema.name}`}
                    refused={refused}
                    onClick={() => setEditing(schema)}
                  >
                    Change
                  </Button>
                  <Button
                    look="plain"
                    aria-label={`Delete ${schema.name}`}
                    refused={refused}
                    onClick={() => setDeleting(schema)}
                  >
                    Delete
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {schemas?.length === 0 && <p className="muted">No schemas: any name and any number may be scored.</p>}
      <Button look="primary" refused={refused} onClick={() => setEditing("new")}>
        New schema
      </Button>
      {editing !== null && (
        <ScoreSchemaForm
          project={project}
          schema={editing === "new" ? null : editing}
          onClose={() => setEditing(null)}
        />
      )}
      {deleting !== null && <Delete project={project} schema={deleting} onClose={() => setDeleting(null)} />}
    </>
  );
}

/** `Good 1, Bad 0` or `0 to 5`. */
export function valuesOf({ categories, min, max }: ScoreSchema): string {
  if (categories !== null) return categories.map(({ label, value }) => `${label} ${value}`).join(", ");
  if (min === null && max === null) return "any number";
  return `${min ?? "…"} to ${max ?? "…"}`;
}

function Delete({ project, schema, onClose }: { project: Project; schema: ScoreSchema; onClose: () => void }) {
  const remove = useChange(() => graphql(project.id, DELETE, { id: schema.id }), {
    renews: [schemasQuery(project.id).queryKey],
    said: () => `Deleted the schema ${schema.name}`,
    problem: "inline",
  });
  return (
    <Confirm
      title={`Delete the schema “${schema.name}”?`}
      action="Delete"
      busy={remove.isPending}
      problem={remove.error?.message}
      onConfirm={() => remove.mutate(undefined, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>Its scores keep name, value and label.</p>
    </Confirm>
  );
}
