import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { request } from "../api/request";
import { type Project, ROLE_NAMES, type Role, sessionQuery, useSession } from "../api/session";
import { Button } from "../parts/Button";
import { CopyButton } from "../parts/Copy";
import { Dialog } from "../parts/Dialog";
import { Field } from "../parts/Field";
import { TextField } from "../parts/TextField";
import { Time } from "../parts/Time";
import { Confirm } from "./Confirm";
import { useChange } from "./change";
import { type Invitation, type Member, membersQuery } from "./members";
import { RoleChoice } from "./RoleChoice";
import { refusal } from "./rights";

/** The members of a project with their roles, and who is invited (P-TEAM-01, -04). */
export function Members({ project }: { project: Project }) {
  const { data, error } = useQuery(membersQuery(project.id));
  const [inviting, setInviting] = useState(false);
  const [removing, setRemoving] = useState<Member | null>(null);
  const refused = refusal(project, "project");
  return (
    <>
      {error !== null && <p role="alert">{error.message}</p>}
      {data !== undefined && (
        <table className="table">
          <thead>
            <tr>
              <th>Name</th>
              <th>E-mail</th>
              <th>Role</th>
              <th>Joined</th>
              <th>Last seen</th>
              <th aria-label="Actions" />
            </tr>
          </thead>
          <tbody>
            {data.members.map((member) => (
              <MemberRow key={member.userId} project={project} member={member} onRemove={setRemoving} />
            ))}
          </tbody>
        </table>
      )}
      <Button look="primary" refused={refused} onClick={() => setInviting(true)}>
        Invite …
      </Button>
      {data !== undefined && data.invitations.length > 0 && (
        <Invitations project={project} invitations={data.invitations} />
      )}
      {inviting && <Invite project={project} onClose={() => setInviting(false)} />}
      {removing !== null && <Remove project={project} member={removing} onClose={() => setRemoving(null)} />}
    </>
  );
}

interface RowProps {
  project: Project;
  member: Member;
  onRemove: (member: Member) => void;
}

function MemberRow({ project, member, onRemove }: RowProps) {
  const me = useSession()?.user?.id === member.userId;
  const refused = refusal(project, "project");
  const change = useChange(
    (role: Role) => request(`api/members/${member.userId}`, { method: "PATCH", project: project.id, body: { role } }),
    {
      renews: [membersQuery(project.id).queryKey, ...(me ? [sessionQuery.queryKey] : [])],
      said: (_, role) => `${member.name} is ${ROLE_NAMES[role]} now`,
    },
  );
  return (
    <tr>
      <td dir="auto">
        {member.name} {me && <span className="muted">(you)</span>}
      </td>
      <td>{member.email ?? <span className="muted">none yet</span>}</td>
      <td>
        <RoleChoice
          attributes={{ "aria-label": `Role of ${member.name}`, title: refused }}
          value={change.isPending ? (change.variables ?? member.role) : member.role}
          disabled={refused !== undefined}
          onChange={(role) => change.mutate(role)}
        />
      </td>
      <td>
        <Time value={member.joinedAt} />
      </td>
      <td>
        <Time value={member.lastSeenAt} />
      </td>
      <td className="table-actions">
        {!me && (
          <Button look="plain" aria-label={`Remove ${member.name}`} refused={refused} onClick={() => onRemove(member)}>
            Remove
          </Button>
        )}
      </td>
    </tr>
  );
}

function Invitations({ project, invitations }: { project: Project; invitations: Invitation[] }) {
  const refused = refusal(project, "project");
  const withdraw = useChange(
    ({ id }: Invitation) => request(`api/invitations/${id}`, { method: "DELETE", project: project.id }),
    { renews: [membersQuery(project.id).queryKey], said: (_, { email }) => `Withdrew the invitation of ${email}` },
  );
  return (
    <section className="settings-part" aria-labelledby="invitations">
      <h2 id="invitations">Invited</h2>
      <table className="table">
        <thead>
          <tr>
            <th>E-mail</th>
            <th>Role</th>
            <th>Invited</th>
            <th>Ends</th>
            <th aria-label="Actions" />
          </tr>
        </thead>
        <tbody>
          {invitations.map((invitation) => (
            <tr key={invitation.id}>
              <td>{invitation.email}</td>
              <td>{ROLE_NAMES[invitation.role]}</td>
              <td>
                <Time value={invitation.createdAt} />
                {invitation.invitedBy !== null && <span className="muted"> by {invitation.invitedBy}</span>}
              </td>
              <td>
                <Time value={invitation.expiresAt} />
              </td>
              <td className="table-actions">
                <Button
                  look="plain"
                  aria-label={`Withdraw the invitation of ${invitation.email}`}
                  refused={refused}
                  onClick={() => withdraw.mutate(invitation)}
                >
                  Withdraw
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Invite({ project, onClose }: { project: Project; onClose: () => void }) {
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("AI_ENGINEER");
  const invite = useChange(
    () =>
      request<{ link: string }>("api/invitations", {
        method: "POST",
        project: project.id,
        body: { email: email.trim(), role },
      }),
    { renews: [membersQuery(project.id).queryKey], problem: "inline" },
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    invite.mutate();
  };
  if (invite.data !== undefined) {
    const { link } = invite.data;
    return (
      <Dialog title={`The invitation of ${email.trim()}`} onClose={onClose}>
        <p>Send this link: the server sends no mail. It works once, for 7 days, and is shown this once.</p>
        <div className="settings-secret">
          <code className="mono">{link}</code>
          <CopyButton text={link} what="the link" />
        </div>
        <Button look="primary" onClick={onClose}>
          Done
        </Button>
      </Dialog>
    );
  }
  return (
    <Dialog title={`Invite to “${project.name}”`} onClose={onClose}>
      <form className="settings-form" onSubmit={submit}>
        <TextField
          label="E-mail"
          problem={invite.error?.message}
          type="email"
          required
          value={email}
          onChange={setEmail}
        />
        <Field label="Role">
          {(attributes) => <RoleChoice attributes={attributes} value={role} onChange={setRole} explained />}
        </Field>
        <Button type="submit" look="primary" disabled={invite.isPending}>
          Make the link
        </Button>
      </form>
    </Dialog>
  );
}

function Remove({ project, member, onClose }: { project: Project; member: Member; onClose: () => void }) {
  const remove = useChange(() => request(`api/members/${member.userId}`, { method: "DELETE", project: project.id }), {
    renews: [membersQuery(project.id).queryKey],
    said: () => `Removed ${member.name}`,
    problem: "inline",
  });
  return (
    <Confirm
      title={`Remove ${member.name}?`}
      action="Remove"
      busy={remove.isPending}
      problem={remove.error?.message}
      onConfirm={() => remove.mutate(undefined, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>Scores and datasets of {member.name} stay. The account stays too, for other projects.</p>
    </Confirm>
  );
}
