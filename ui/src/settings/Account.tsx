import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { request } from "../api/request";
import { type Session, type User, useNewSession, useSession } from "../api/session";
import { Button } from "../parts/Button";
import { TextField } from "../parts/TextField";
import { say } from "../parts/toasts";
import { NewPassword } from "../signin/NewPassword";

/** One's own name, e-mail and password. */
export function Account() {
  const user = useSession()?.user;
  if (user === null || user === undefined) return null;
  return (
    <>
      <Person user={user} />
      <Password user={user} />
    </>
  );
}

function Person({ user }: { user: User }) {
  const [name, setName] = useState(user.name);
  const [email, setEmail] = useState(user.email ?? "");
  const [current, setCurrent] = useState("");
  const moves = user.hasPassword && email.trim() !== user.email;
  const save = useAccountChange("Saved your name and e-mail");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const values = {
      name: name.trim(),
      email: email.trim(),
      ...(moves && current !== "" ? { currentPassword: current } : {}),
    };
    save.mutate(values, { onSuccess: () => setCurrent("") });
  };
  return (
    <form className="settings-form" onSubmit={submit}>
      <TextField label="Name" autoComplete="name" required value={name} onChange={setName} />
      <TextField
        label="E-mail"
        hint="You sign in with it."
        problem={save.error?.message}
        type="email"
        autoComplete="email"
        required
        value={email}
        onChange={setEmail}
      />
      {moves && <CurrentPassword value={current} onChange={setCurrent} />}
      <Button type="submit" disabled={save.isPending}>
        Save
      </Button>
    </form>
  );
}

/** A change of one's account; the session that the server answers with becomes the page's. */
function useAccountChange(said: string) {
  const take = useNewSession();
  return useMutation({
    mutationFn: (body: Record<string, string>) => request<Session>("api/account", { method: "PATCH", body }),
    onSuccess: (session) => {
      take(session);
      say(said);
    },
  });
}

function CurrentPassword({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  return (
    <TextField
      label="Current password"
      hint="Empty, if a link signed you in within the last hour."
      type="password"
      autoComplete="current-password"
      value={value}
      onChange={onChange}
    />
  );
}

function Password({ user }: { user: User }) {
  const [current, setCurrent] = useState("");
  const [password, setPassword] = useState("");
  const save = useAccountChange("Changed your password");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(
      { password, ...(current === "" ? {} : { currentPassword: current }) },
      {
        onSuccess: () => {
          setCurrent("");
          setPassword("");
        },
      },
    );
  };
  return (
    <form className="settings-form" onSubmit={submit}>
      <h2>{user.hasPassword ? "Change the password" : "Choose a password"}</h2>
      {user.hasPassword && <CurrentPassword value={current} onChange={setCurrent} />}
      <NewPassword label="New password" value={password} onChange={setPassword} problem={save.error?.message} />
      <p className="muted">Your other sessions end with it.</p>
      <Button type="submit" disabled={save.isPending}>
        {user.hasPassword ? "Change" : "Set"}
      </Button>
    </form>
  );
}
