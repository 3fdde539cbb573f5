import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { request } from "../api/request";
import { type Session, useNewSession } from "../api/session";
import { Button } from "../parts/Button";
import { TextField } from "../parts/TextField";

interface Props {
  /** For who signs in again: the address is known then. */
  email?: string | undefined;
  onSignedIn: (session: Session) => void;
}

/** E-mail and password; the new session is the page's before `onSignedIn` hears of it. */
export function SignInForm({ email: known, onSignedIn }: Props) {
  const [email, setEmail] = useState(known ?? "");
  const [password, setPassword] = useState("");
  const take = useNewSession();
  const signIn = useMutation({
    mutationFn: () => request<Session>("api/session", { method: "POST", body: { email: email.trim(), password } }),
    onSuccess: (session) => {
      take(session);
      onSignedIn(session);
    },
    onError: () => setPassword(""),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signIn.mutate();
  };
  return (
    <form className="signin-form" onSubmit={submit}>
      <TextField
        label="E-mail"
        type="email"
        name="email"
        autoComplete="username"
        required
        autoFocus={known === undefined}
        value={email}
        onChange={setEmail}
      />
      <TextField
        label="Password"
        problem={signIn.error?.message}
        type="password"
        name="password"
        autoComplete="current-password"
        required
        autoFocus={known !== undefined}
        value={password}
        onChange={setPassword}
      />
      <Button type="submit" look="primary" disabled={signIn.isPending}>
        Sign in
      </Button>
    </form>
  );
}
