import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { graphql } from "../api/graphql";
import type { Project } from "../api/session";
import { Button } from "../parts/Button";
import { exact } from "../parts/format";
import { Confirm } from "./Confirm";
import { useChange } from "./change";
import { PriceForm } from "./PriceForm";
import { price } from "./price";
import { type ListedModel, modelsQuery, type PriceRule, pricesQuery } from "./prices";
import { refusal } from "./rights";

/** Price rules of a project, and what each of its models costs now (P-COST-01 to -03). */
export function Prices({ project }: { project: Project }) {
  const [editing, setEditing] = useState<PriceRule | "new" | null>(null);
  const [deleting, setDeleting] = useState<PriceRule | null>(null);
  const { data: rules, error } = useQuery(pricesQuery(project.id));
  const refused = refusal(project, "observability");
  return (
    <>
      <p>
        A rule stands for the models whose whole name matches its pattern, and goes before list prices. It counts for
        calls from now on: what was priced before keeps its cost.
      </p>
      {error !== null && <p role="alert">{error.message}</p>}
      {rules !== undefined && rules.length > 0 && (
        <table className="table" aria-label="Price rules">
          <thead>
            <tr>
              <th>Pattern</th>
              <th className="number">Input, $ per million tokens</th>
              <th className="number">Output</th>
              <th>From</th>
              <th>Until</th>
              <th aria-label="Actions" />
            </tr>
          </thead>
          <tbody>
            {rules.map((rule) => (
              <tr key={rule.id}>
                <td>
                  <code>{rule.pattern}</code>
                  {rule.hint !== null && <p className="settings-hint">{rule.hint}</p>}
                </td>
                <td className="number">{price(rule.inputPrice)}</td>
                <td className="number">{price(rule.outputPrice)}</td>
                <td>{rule.startsAt === null ? <span className="muted">always</span> : exact(rule.startsAt)}</td>
                <td>{rule.endsAt === null ? <span className="muted">open</span> : exact(rule.endsAt)}</td>
                <td className="table-actions">
                  <Button
                    look="plain"
                    aria-label={`Change ${rule.pattern}`}
                    refused={refused}
                    onClick={() => setEditing(rule)}
                  >
                    Change
                  </Button>
                  <Button
                    look="plain"
                    aria-label={`Delete ${rule.pattern}`}
                    refused={refused}
                    onClick={() => setDeleting(rule)}
                  >
                    Delete
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {rules?.length === 0 && <p className="muted">No rules: list prices count.</p>}
      <Button look="primary" refused={refused} onClick={() => setEditing("new")}>
        New rule
      </Button>
      <Models project={project} rules={rules ?? []} />
      {editing !== null && (
        <PriceForm project={project} rule={editing === "new" ? null : editing} onClose={() => setEditing(null)} />
      )}
      {deleting !== null && <Delete project={project} rule={deleting} onClose={() => setDeleting(null)} />}
    </>
  );
}

function Models({ project, rules }: { project: Project; rules: readonly PriceRule[] }) {
  const { data: models } = useQuery(modelsQuery(project.id, null));
  if (models === undefined || models.length === 0) return null;
  return (
    <section className="settings-part" aria-labelledby="models">
      <h2 id="models">Models of this project</h2>
      <table className="table" aria-labelledby="models">
        <thead>
          <tr>
            <th>Model</th>
            <th>Provider</th>
            <th className="number">Input now</th>
            <th className="number">Output now</th>
            <th>By</th>
          </tr>
        </thead>
        <tbody>
          {models.map((model) => (
            <tr key={model.model}>
              <td className="mono">{model.model}</td>
              <td>{model.provider ?? "–"}</td>
              <td className="number">{price(model.inputPrice)}</td>
              <td className="number">{price(model.outputPrice)}</td>
              <td>
                <Source model={model} rules={rules} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Source({ model: { source }, rules }: { model: ListedModel; rules: readonly PriceRule[] }) {
  if (source === null) return <span className="muted">no price known: it has no cost</span>;
  const [kind, name] = [source.slice(0, source.indexOf(":")), source.slice(source.indexOf(":") + 1)];
  if (kind !== "rule") return <span className="muted">list price of {name}</span>;
  return (
    <>
      rule <code>{rules.find(({ id }) => id === name)?.pattern ?? name}</code>
    </>
  );
}

const DELETE = "mutation($id: String!) { deleteModelPrice(id: $id) { id } }";

function Delete({ project, rule, onClose }: { project: Project; rule: PriceRule; onClose: () => void }) {
  const remove = useChange(() => graphql(project.id, DELETE, { id: rule.id }), {
    renews: [["prices", project.id]],
    said: () => `Deleted the rule ${rule.pattern}`,
    problem: "inline",
  });
  return (
    <Confirm
      title={`Delete the rule “${rule.pattern}”?`}
      action="Delete"
      busy={remove.isPending}
      problem={remove.error?.message}
      onConfirm={() => remove.mutate(undefined, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>What it priced keeps its cost.</p>
    </Confirm>
  );
}
