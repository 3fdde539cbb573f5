import { useMutation } from "@tanstack/react-query";
import { request } from "../api/request";
import type { Project } from "../api/session";
import { Button } from "../parts/Button";
import { Snippet } from "../parts/Copy";
import { Card } from "./Card";
import { FRAMEWORKS, instrumentSnippet } from "./instrument";

/** How an application sends what it does to here, with a key made for it. */
export function FirstSteps({ project, onDone }: { project: Project; onDone: () => void }) {
  const make = useMutation({
    mutationFn: () =>
      request<{ key: string }>("api/keys", {
        method: "POST",
        project: project.id,
        body: { name: "First application", role: "AI_ENGINEER" },
      }),
  });
  return (
    <Card title="Instrument your application" wide>
      <p>
        No code changes: the instrumentors of {FRAMEWORKS} are switched on by <code>opentelemetry-instrument</code>, and
        every call becomes a generation in its trace here.
      </p>
      <Snippet code={instrumentSnippet(make.data?.key)} what="the commands" />
      {make.data === undefined ? (
        <div className="signin-actions">
          <Button look="primary" disabled={make.isPending} onClick={() => make.mutate()}>
            Make an API key
          </Button>
          <Button look="plain" onClick={onDone}>
            I have one
          </Button>
          {make.error !== null && <span role="alert">{make.error.message}</span>}
        </div>
      ) : (
        <>
          <p className="muted">The key is shown this once. More keys can be made in the settings.</p>
          <Button look="primary" onClick={onDone}>
            Go to {project.name}
          </Button>
        </>
      )}
    </Card>
  );
}
