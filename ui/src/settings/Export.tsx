import type { Project } from "../api/session";
import { Snippet } from "../parts/Copy";
import { serverUrl } from "../signin/instrument";

/** How everything of the project leaves it (P-XPT-01); parts of the logs are exported from their lists. */
export function Export({ project }: { project: Project }) {
  const url = serverUrl();
  return (
    <>
      <p>
        Users, threads, steps, scores, datasets, prompts, experiments and files of <strong>{project.name}</strong>, with
        their ids and times. A key of the project is needed in <code>LITERAL_API_KEY</code>.
      </p>
      <section className="settings-part">
        <h2>All of it, as a file</h2>
        <Snippet
          what="the command"
          code={`export LITERAL_API_URL=${url} LITERAL_API_KEY=…\nliteralai-otel export project.jsonl`}
        />
        <p className="muted">
          <code>literalai-otel import project.jsonl</code> brings it into another project or server.
        </p>
      </section>
      <section className="settings-part">
        <h2>As spans, to any OpenTelemetry collector</h2>
        <Snippet what="the command" code="literalai-otel export --otlp http://localhost:4318" />
      </section>
      <section className="settings-part">
        <h2>In Python</h2>
        <Snippet what="the code" code={PYTHON.replace("URL", url)} />
      </section>
      <section className="settings-part">
        <h2>Over HTTP</h2>
        <Snippet
          what="the command"
          code={[
            `curl ${url}/api/export/records \\`,
            '  -H "x-api-key: $LITERAL_API_KEY" \\',
            `  -d '{"kind": "step", "first": 1000, "after": 0}'`,
          ].join("\n")}
        />
        <p className="muted">
          <code>after</code> of an answer is that of the next question, null at the end. Without <code>kind</code> the
          kinds are counted.
        </p>
      </section>
    </>
  );
}

const PYTHON = `from literalai_otel import LiteralClient

client = LiteralClient(url="URL")  # the key from LITERAL_API_KEY
after = None
while True:
    page = client.api.get_threads(first=100, after=after)
    for thread in page.data:
        print(thread.id, thread.name, len(thread.steps or []))
    if not page.page_info.has_next_page:
        break
    after = page.page_info.end_cursor`;
