import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useEffect, useSyncExternalStore } from "react";
import { presence } from "../../api/presence";
import { useNewSession } from "../../api/session";
import { Button } from "../../parts/Button";
import { Countdown } from "./Countdown";
import { SignInAgain } from "./SignInAgain";
import "./states.css";

/**
 * What concerns the page as a whole: a server that does not answer, a session that is over, a build that is old. The
 * page below stays as it is, and reads anew when things are well again.
 */
export function ServerStates() {
  const state = useSyncExternalStore(presence.listen, () => presence.state);
  const newer = useSyncExternalStore(presence.listen, () => presence.isNewer);
  const client = useQueryClient();
  const router = useRouter();
  const take = useNewSession();
  useEffect(() => presence.onSession(take), [take]);
  useEffect(() => {
    presence.signedIn(); // this part is shown to nobody else
    return presence.onReturn(() => {
      void client.invalidateQueries();
      void router.invalidate();
    });
  }, [client, router]);
  return (
    <>
      {state.kind === "gone" && (
        <div className="banner banner-gone" role="alert">
          <span aria-hidden="true">▲</span>
          <span>
            <strong>The server does not answer.</strong> What you see may be old.{" "}
            <Countdown until={state.retryAt} before="Trying again in " after="." done="Trying again …" />
          </span>
          <Button onClick={() => void presence.suspect()}>Try now</Button>
        </div>
      )}
      {state.kind !== "gone" && newer && (
        <div className="banner banner-newer" role="status">
          <span aria-hidden="true">↻</span>
          <span>
            <strong>The server is newer than this page.</strong> Reload it before you go on.
          </span>
          <Button onClick={() => location.reload()}>Reload</Button>
        </div>
      )}
      {state.kind === "signed-out" && <SignInAgain />}
    </>
  );
}
