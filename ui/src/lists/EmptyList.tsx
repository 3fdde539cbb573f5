import { Button } from "../parts/Button";
import { Snippet } from "../parts/Copy";
import { Notice } from "../parts/Notice";
import { instrumentSnippet, pythonSnippet, serverUrl } from "../signin/instrument";
import type { Kind } from "./rows";

/** What would fill a list that nothing was logged for yet (P-LOG-21). */
export function EmptyList({ kind }: { kind: Kind }) {
  if (kind === "scores") {
    return (
      <Notice title="No scores yet">
        <p>Select rows of a list and press s, score a step in its page, or send scores from code:</p>
        <Snippet what="the code" code={SCORE.replace("URL", serverUrl())} />
      </Notice>
    );
  }
  if (kind === "users") {
    return (
      <Notice title="No users yet">
        <p>Name the user of a thread, and who uses your application is listed here:</p>
        <Snippet what="the code" code={USER.replace("URL", serverUrl())} />
      </Notice>
    );
  }
  return (
    <Notice title={`No ${kind} yet`}>
      <p>Run your application with the instrumentation, and its calls appear here by themselves:</p>
      <Snippet what="the commands" code={instrumentSnippet()} />
      <p>Or from code, before the first call:</p>
      <Snippet what="the code" code={pythonSnippet()} />
    </Notice>
  );
}

/** A list that its filters leave nothing of. */
export function NothingMatches({ kind, onReset }: { kind: Kind; onReset: () => void }) {
  return (
    <Notice title={`No ${kind} match`}>
      <p>There may be some without the filters, or in another time range or environment.</p>
      <Button onClick={onReset}>Reset filters</Button>
    </Notice>
  );
}

const SCORE = `from literalai_otel import LiteralClient

client = LiteralClient(url="URL")
client.api.create_score(step_id="…", name="helpful", type="HUMAN", value=1)`;

const USER = `from literalai_otel import LiteralClient

client = LiteralClient(url="URL")
with client.thread(name="A conversation", participant_id="ada@example.com"):
    ...`;
