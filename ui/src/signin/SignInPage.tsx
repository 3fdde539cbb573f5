import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useState } from "react";
import { type Session, sessionQuery } from "../api/session";
import { Card } from "./Card";
import { FirstSteps } from "./FirstSteps";
import { LinkSignIn } from "./LinkSignIn";
import { SetUpAccount } from "./SetUpAccount";
import { SignedIn } from "./SignedIn";
import { SignInForm } from "./SignInForm";
import { takeToken } from "./token";

type Stage = "account" | "instrument";

/** Sign-in by password or by a one-time link; behind the first link of a new server, its set-up. */
export function SignInPage() {
  const { next = "/" } = useSearch({ strict: false }) as { next?: string };
  const [token] = useState(takeToken);
  const [stage, setStage] = useState<Stage | null>(null);
  const navigate = useNavigate();
  const { data: session } = useQuery(sessionQuery);
  const enter = useCallback(() => void navigate({ href: next }), [navigate, next]);
  const linked = useCallback(
    (opened: Session) => (opened.user?.hasPassword === false ? setStage("account") : enter()),
    [enter],
  );

  if (stage === "account" && session !== undefined && session.user !== null) {
    return <SetUpAccount user={session.user} onDone={() => setStage("instrument")} />;
  }
  if (stage === "instrument" && session?.projects[0] !== undefined) {
    return <FirstSteps project={session.projects[0]} onDone={enter} />;
  }
  if (token !== null) return <LinkSignIn token={token} onSignedIn={linked} />;
  if (session?.firstRun) return <NewServer />;
  return (
    <Card title="Sign in">
      <SignedIn />
      <SignInForm onSignedIn={enter} />
      <p className="muted">
        Password forgotten? On the server’s machine, <code>literalai-otel sign-in-link</code> makes a link that works
        once.
      </p>
    </Card>
  );
}

function NewServer() {
  return (
    <Card title="This server is new">
      <p>
        <code>literalai-otel serve</code> printed a sign-in link when it started. Open it to become the owner.
      </p>
      <p className="muted">
        The link is gone? On the server’s machine, <code>literalai-otel sign-in-link</code> makes another one.
      </p>
    </Card>
  );
}
