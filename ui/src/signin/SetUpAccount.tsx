import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { request } from "../api/request";
import { type Session, type User, useNewSession } from "../api/session";
import { Button } from "../parts/Button";
import { TextField } from "../parts/TextField";
import { Card } from "./Card";
import { NewPassword } from "./NewPassword";

/** Name, e-mail and password of the owner of a new server. Without them only another link signs in again. */
export function SetUpAccount({ user, onDone }: { user: User; onDone: () => void }) {
  const [name, setName] = useState("");
  const [email, setEmail] = useState(user.email ?? "");
  const [password, setPassword] = useState("");
  const take = useNewSession();
  const save = useMutation({
    mutationFn: () =>
      request<Session>("api/account", { method: "PATCH", body: { name: name.trim(), email: email.trim(), password } }),
    onSuccess: (session) => {
      take(session);
      onDone();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Card title="Welcome: make this server yours">
      <form className="signin-form" onSubmit={submit}>
        <TextField label="Your name" autoComplete="name" required autoFocus value={name} onChange={setName} />
        <TextField
          label="E-mail"
          hint="You sign in with it. No mail is sent."
          type="email"
          autoComplete="username"
          required
          value={email}
          onChange={setEmail}
        />
        <NewPassword value={password} onChange={setPassword} problem={save.error?.message} />
        <div className="signin-actions">
          <Button type="submit" look="primary" disabled={save.isPending}>
            Save
          </Button>
          <Button look="plain" onClick={onDone}>
            Later
          </Button>
        </div>
      </form>
    </Card>
  );
}
