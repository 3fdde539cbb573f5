import { useNavigate, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { address } from "../../api/address";
import { presence } from "../../api/presence";
import { type Session, useSession } from "../../api/session";
import { Dialog } from "../../parts/Dialog";

const SignInForm = lazy(() =>
  import("../../signin/SignInForm").then(
    ({ SignInForm }) => ({ default: SignInForm }),
    () => ({ default: Elsewhere }), // an old page whose parts the server does not have any more
  ),
);

/** Over the page of somebody whose session is over: the page stays, and goes on after the password. */
export function SignInAgain() {
  const user = useSession()?.user ?? presence.session?.user;
  const here = useRouterState({ select: ({ location }) => location.href });
  const navigate = useNavigate();
  const goOn = (session: Session) => {
    // Another person must not see what the first one has read.
    if (user && session.user?.id !== user.id) location.reload();
    presence.signedIn();
  };
  return (
    <Dialog title="Your session is over" onClose={() => navigate({ to: "/sign-in", search: { next: here } })}>
      <p>Sign in again to go on where you are.</p>
      {user?.hasPassword === false && (
        <p>
          You have no password yet: <code>literalai-otel sign-in-link</code> on the server makes a link that signs you
          in.
        </p>
      )}
      <Suspense fallback={null}>
        <SignInForm email={user?.email ?? undefined} onSignedIn={goOn} />
      </Suspense>
    </Dialog>
  );
}

function Elsewhere() {
  return <a href={address("sign-in")}>Sign in</a>;
}
