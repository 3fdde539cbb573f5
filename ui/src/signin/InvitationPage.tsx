import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { request } from "../api/request";
import { ROLE_NAMES, type Role, type Session, useNewSession } from "../api/session";
import { Button } from "../parts/Button";
import { Field } from "../parts/Field";
import { TextField } from "../parts/TextField";
import { Card } from "./Card";
import { NewPassword } from "./NewPassword";
import { takeToken } from "./token";

interface Invitation {
  email: string;
  project: string;
  role: Role;
  /** Whether the address has an account here: then its password is asked for, and nothing else. */
  hasAccount: boolean;
}

/** What a link of an invitation opens: who is invited where, and the account that joins. */
export function InvitationPage() {
  const [token] = useState(takeToken);
  const { data: invitation, error } = useQuery({
    queryKey: ["invitation", token],
    queryFn: () => request<Invitation>("api/invitations/look", { method: "POST", body: { token } }),
    enabled: token !== null,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (token === null || error !== null) {
    return (
      <Card title="This invitation does not work">
        <p role="alert">{error?.message ?? "The link is not whole: its part behind the # is missing."}</p>
        <p className="muted">An invitation works once, for 7 days. An admin of the project can make another one.</p>
      </Card>
    );
  }
  if (invitation === undefined) return <Card title="Looking at the invitation …">{null}</Card>;
  return <Accept token={token} invitation={invitation} />;
}

function Accept({ token, invitation }: { token: string; invitation: Invitation }) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const navigate = useNavigate();
  const take = useNewSession();
  const accept = useMutation({
    mutationFn: () =>
      request<Session>("api/invitations/accept", { method: "POST", body: { token, name: name.trim(), password } }),
    onSuccess: (session) => {
      take(session);
      const joined = session.projects.find((project) => project.name === invitation.project);
      if (joined === undefined) void navigate({ to: "/" });
      else void navigate({ to: "/p/$project/dashboard", params: { project: joined.id } });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    accept.mutate();
  };
  return (
    <Card title={`Join ${invitation.project}`}>
      <p>
        You are invited as <strong>{ROLE_NAMES[invitation.role]}</strong>.
      </p>
      <form className="signin-form" onSubmit={submit}>
        <Field label="E-mail">
          {(attributes) => (
            <input {...attributes} className="input" autoComplete="username" readOnly value={invitation.email} />
          )}
        </Field>
        {invitation.hasAccount ? (
          <TextField
            label="Your password"
            hint="Of your account on this server."
            problem={accept.error?.message}
            type="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={setPassword}
          />
        ) : (
          <>
            <TextField label="Your name" autoComplete="name" required autoFocus value={name} onChange={setName} />
            <NewPassword value={password} onChange={setPassword} problem={accept.error?.message} />
          </>
        )}
        <Button type="submit" look="primary" disabled={accept.isPending}>
          Join
        </Button>
      </form>
    </Card>
  );
}
