import { queryOptions, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { request } from "../api/request";
import { type Project, ROLE_NAMES, type Role } from "../api/session";
import { Button } from "../parts/Button";
import { CopyButton, Snippet } from "../parts/Copy";
import { Dialog } from "../parts/Dialog";
import { Field } from "../parts/Field";
import { Notice } from "../parts/Notice";
import { TextField } from "../parts/TextField";
import { Time } from "../parts/Time";
import { instrumentSnippet } from "../signin/instrument";
import { Confirm } from "./Confirm";
import { useChange } from "./change";
import { RoleChoice } from "./RoleChoice";
import { givenBy, maySee, refusal } from "./rights";

interface Key {
  id: string;
  name: string;
  /** What may be shown of it. */
  prefix: string;
  role: Role;
  createdAt: string;
  lastUsedAt: string | null;
  createdBy: string | null;
}

const keysQuery = (project: string) =>
  queryOptions({
    queryKey: ["keys", project],
    queryFn: async ({ signal }) => (await request<{ keys: Key[] }>("api/keys", { project, signal })).keys,
  });

/** The API keys of a project (P-SET-02): a key is shown once, when it is made. */
export function Keys({ project }: { project: Project }) {
  const seen = maySee(project, "credentials");
  const { data: keys, error } = useQuery({ ...keysQuery(project.id), enabled: seen });
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<Key | null>(null);
  if (!seen) {
    return (
      <Notice title="Keys are not shown to you">
        <p>{refusal(project, "credentials")}</p>
      </Notice>
    );
  }
  return (
    <>
      <p>Programs send and read with a key of the project. The key’s role bounds what it may do.</p>
      {error !== null && <p role="alert">{error.message}</p>}
      {keys !== undefined && (
        <table className="table">
          <thead>
            <tr>
              <th>Name</th>
              <th>Key</th>
              <th>Role</th>
              <th>Made</th>
              <th>Last used</th>
              <th aria-label="Actions" />
            </tr>
          </thead>
          <tbody>
            {keys.map((key) => (
              <tr key={key.id}>
                <td dir="auto">{key.name}</td>
                <td className="mono">{key.prefix}…</td>
                <td>{ROLE_NAMES[key.role]}</td>
                <td>
                  <Time value={key.createdAt} />
                  {key.createdBy !== null && <span className="muted"> by {key.createdBy}</span>}
                </td>
                <td>
                  {key.lastUsedAt === null ? <span className="muted">never</span> : <Time value={key.lastUsedAt} />}
                </td>
                <td className="table-actions">
                  <Button
                    look="plain"
                    aria-label={`Revoke ${key.name}`}
                    refused={
                      refusal(project, "credentials") ??
                      (givenBy(project.role).includes(key.role) ? undefined : "The key may do more than you may.")
                    }
                    onClick={() => setRevoking(key)}
                  >
                    Revoke
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <Button look="primary" refused={refusal(project, "credentials")} onClick={() => setMaking(true)}>
        New key
      </Button>
      {making && <NewKey project={project} onClose={() => setMaking(false)} />}
      {revoking !== null && <Revoke project={project} of={revoking} onClose={() => setRevoking(null)} />}
    </>
  );
}

function NewKey({ project, onClose }: { project: Project; onClose: () => void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>(project.role);
  const make = useChange(
    () =>
      request<{ key: string }>("api/keys", { method: "POST", project: project.id, body: { name: name.trim(), role } }),
    { renews: [keysQuery(project.id).queryKey], problem: "inline" },
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  if (make.data !== undefined) {
    return (
      <Dialog title={`The key “${name.trim()}”`} onClose={onClose}>
        <p>It is shown this once: the server keeps its hash alone.</p>
        <div className="settings-secret">
          <code className="mono">{make.data.key}</code>
          <CopyButton text={make.data.key} what="the key" />
        </div>
        <Snippet code={instrumentSnippet(make.data.key)} what="the commands" />
        <Button look="primary" onClick={onClose}>
          Done
        </Button>
      </Dialog>
    );
  }
  return (
    <Dialog title="New API key" onClose={onClose}>
      <form className="settings-form" onSubmit={submit}>
        <TextField
          label="Name"
          hint="What uses it: it stands beside scores and datasets that it made."
          problem={make.error?.message}
          required
          maxLength={255}
          value={name}
          onChange={setName}
        />
        <Field label="Role">
          {(attributes) => (
            <RoleChoice attributes={attributes} value={role} onChange={setRole} own={project.role} explained />
          )}
        </Field>
        <Button type="submit" look="primary" disabled={make.isPending}>
          Make the key
        </Button>
      </form>
    </Dialog>
  );
}

function Revoke({ project, of, onClose }: { project: Project; of: Key; onClose: () => void }) {
  const revoke = useChange(
    () => request(`api/keys/${encodeURIComponent(of.id)}`, { method: "DELETE", project: project.id }),
    { renews: [keysQuery(project.id).queryKey], said: () => `Revoked ${of.name}`, problem: "inline" },
  );
  return (
    <Confirm
      title={`Revoke “${of.name}”?`}
      action="Revoke"
      busy={revoke.isPending}
      problem={revoke.error?.message}
      onConfirm={() => revoke.mutate(undefined, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>
        Programs that use <code>{of.prefix}…</code> are refused from now on, on other server processes within 10
        seconds. What they sent stays.
      </p>
    </Confirm>
  );
}
