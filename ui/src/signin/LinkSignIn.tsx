import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { request } from "../api/request";
import { type Session, useNewSession } from "../api/session";
import { Card } from "./Card";
import { SignedIn } from "./SignedIn";

/** Signs in by a one-time link. */
export function LinkSignIn({ token, onSignedIn }: { token: string; onSignedIn: (session: Session) => void }) {
  const take = useNewSession();
  // A query and no effect that posts: whatever is rendered twice, the token is sent once.
  const { data, error } = useQuery({
    queryKey: ["sign-in-link", token],
    queryFn: () => request<Session>("api/session/link", { method: "POST", body: { token } }),
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  useEffect(() => {
    if (data === undefined) return;
    take(data);
    onSignedIn(data);
  }, [data, take, onSignedIn]);
  if (error === null) return <Card title="Signing in …">{null}</Card>;
  return (
    <Card title="This link does not sign you in">
      <p role="alert">{error.message}</p>
      <p className="muted">
        A link works once and for a short time. On the server’s machine, <code>literalai-otel sign-in-link</code> makes
        another one.
      </p>
      <SignedIn />
      <p>
        <Link to="/sign-in" reloadDocument>
          Sign in with a password
        </Link>
      </p>
    </Card>
  );
}
