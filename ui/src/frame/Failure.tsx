import { type ErrorComponentProps, useRouter } from "@tanstack/react-router";
import { useEffect, useSyncExternalStore } from "react";
import { presence } from "../api/presence";
import { ApiError } from "../api/request";
import { Button } from "../parts/Button";
import { Notice } from "../parts/Notice";

const TITLES: Record<string, string> = {
  FORBIDDEN: "Your role does not allow this",
  NOT_FOUND: "This is not here",
  GONE: "The server does not answer",
};

/** What a page shows instead of itself when it failed; the frame around stays. */
export function Failure({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const newer = useSyncExternalStore(presence.listen, () => presence.isNewer);
  // Perhaps a part of the page that the server does not have any more, since it has another build.
  const looked = !(error instanceof ApiError);
  useEffect(() => {
    if (looked) void presence.suspect();
  }, [looked]);
  if (newer && looked) {
    return (
      <Notice title="The server is newer than this page">
        <p role="alert">Reload the page to go on.</p>
        <Button onClick={() => location.reload()}>Reload</Button>
      </Notice>
    );
  }
  const title = error instanceof ApiError ? (TITLES[error.code] ?? "The server refused") : "This page has a fault";
  return (
    <Notice title={title}>
      <p role="alert">{error instanceof Error ? error.message : String(error)}</p>
      <Button
        onClick={() => {
          reset();
          void router.invalidate();
        }}
      >
        Try again
      </Button>
    </Notice>
  );
}
