import { Link } from "@tanstack/react-router";
import { useProjectId } from "../frame/project";
import { frameSearch } from "../frame/range";
import { CopyButton } from "../parts/Copy";
import { duration, exact, shortId } from "../parts/format";
import { Time } from "../parts/Time";
import { UserLink } from "../trace/UserLink";
import { type Fact, generationFacts, settingFacts } from "./facts";
import type { Json, JsonObject, WholeStep } from "./types";
import { objectOf } from "./types";
import { ValueView } from "./ValueView";

/** Everything about a step that is no content: times, model, tokens, cost, settings, tools, prompt, where it belongs. */
export function Facts({ step }: { step: WholeStep }) {
  const { generation } = step;
  const settings = settingFacts(generation?.settings ?? null);
  return (
    <div className="facts">
      <section aria-label="Facts">
        <dl className="fact-list">
          {generationFacts(step).map((fact) => (
            <FactRow key={fact.name} fact={fact} />
          ))}
          <StepRows step={step} />
        </dl>
      </section>
      {settings.length > 0 && (
        <section aria-label="Settings">
          <h3>Settings</h3>
          <dl className="fact-list">
            {settings.map((fact) => (
              <FactRow key={fact.name} fact={fact} />
            ))}
          </dl>
        </section>
      )}
      {generation !== null && <Tools tools={generation.tools} />}
      {generation !== null && <Prompt step={step} />}
    </div>
  );
}

function FactRow({ fact }: { fact: Fact }) {
  return (
    <div className="fact">
      <dt>{fact.name}</dt>
      <dd>
        <span className="fact-value" title={fact.value} dir="auto">
          {fact.value}
        </span>
        {fact.about !== undefined && <span className="fact-about muted">{fact.about}</span>}
      </dd>
    </div>
  );
}

function StepRows({ step }: { step: WholeStep }) {
  const seconds = lasted(step);
  const user = step.thread?.participant ?? null;
  return (
    <>
      {step.startTime !== null && (
        <div className="fact">
          <dt>Started</dt>
          <dd>
            <Time value={step.startTime} />
            <span className="fact-about muted">{exact(step.startTime)}</span>
          </dd>
        </div>
      )}
      {step.generation?.duration == null && <FactRow fact={{ name: "Duration", value: seconds }} />}
      {step.environment !== null && <FactRow fact={{ name: "Environment", value: step.environment }} />}
      <IdRow name="Thread" id={step.threadId} to="/p/$project/threads/$id" label={step.thread?.name ?? null} />
      {user !== null && (
        <div className="fact">
          <dt>User</dt>
          <dd>
            <UserLink user={user} />
          </dd>
        </div>
      )}
      {step.rootRunId !== step.id && <IdRow name="Root run" id={step.rootRunId} to="/p/$project/runs/$id" />}
      <IdRow name="Id" id={step.id} to={null} />
    </>
  );
}

function lasted({ startTime, endTime }: WholeStep): string {
  if (startTime === null) return "–";
  if (endTime === null) return "still running";
  return duration((Date.parse(endTime) - Date.parse(startTime)) / 1_000);
}

interface IdProps {
  name: string;
  id: string | null;
  to: "/p/$project/threads/$id" | "/p/$project/runs/$id" | null;
  label?: string | null;
}

/** An id by its first 8 characters, with a button that copies it whole (P-LOG-15). */
function IdRow({ name, id, to, label = null }: IdProps) {
  const project = useProjectId();
  if (id === null) return null;
  const shown = label ?? shortId(id);
  return (
    <div className="fact">
      <dt>{name}</dt>
      <dd className="fact-id">
        {to === null ? (
          <code title={id}>{shown}</code>
        ) : (
          <Link
            to={to}
            params={{ project, id }}
            search={(before) => frameSearch(before as Record<string, unknown>)}
            className={label === null ? "mono fact-value" : "fact-value"}
            title={id}
            dir="auto"
          >
            {shown}
          </Link>
        )}
        <CopyButton text={id} what={`the id of the ${name === "Id" ? "step" : name.toLowerCase()}`} />
      </dd>
    </div>
  );
}

function Tools({ tools }: { tools: Json }) {
  if (!Array.isArray(tools) || tools.length === 0) return null;
  return (
    <section aria-label="Tools">
      <h3>Tools ({tools.length})</h3>
      <ul className="tools">
        {tools.map((item, index) => {
          const { name, about, schema } = toolOf(item);
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: tools may have the same name
            <li key={index}>
              <details>
                <summary>
                  <code dir="auto">{name}</code>
                </summary>
                {about !== null && (
                  <p className="muted" dir="auto">
                    {about}
                  </p>
                )}
                <ValueView title="Schema" value={schema} />
              </details>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function toolOf(item: Json): { name: string; about: string | null; schema: Json } {
  const known = objectOf(item) ?? {};
  const called = objectOf(known.function) ?? known;
  return {
    name: typeof called.name === "string" ? called.name : String(known.type ?? "tool"),
    about: typeof called.description === "string" ? called.description : null,
    schema: called.parameters ?? called.input_schema ?? item,
  };
}

function Prompt({ step }: { step: WholeStep }) {
  const { generation } = step;
  const variables: JsonObject | null = objectOf(generation?.variables);
  const name = generation?.promptLineage ?? step.metadata.prompt_name;
  const version = generation?.promptVersion ?? step.metadata.prompt_version;
  const has = variables !== null && Object.keys(variables).length > 0;
  if (typeof name !== "string" && generation?.promptId == null && !has) return null;
  return (
    <section aria-label="Prompt">
      <h3>Prompt</h3>
      <p className="prompt-name">
        <span dir="auto">{typeof name === "string" ? name : generation?.promptId}</span>
        {(typeof version === "number" || typeof version === "string") && <span className="muted"> v{version}</span>}
      </p>
      {has && <ValueView title="Variables" value={variables} />}
    </section>
  );
}
