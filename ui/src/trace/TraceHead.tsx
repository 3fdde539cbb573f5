import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useProjectId } from "../frame/project";
import { Chip } from "../parts/Chip";
import { CopyButton } from "../parts/Copy";
import { cost, count, duration, shortId } from "../parts/format";
import { Glyph } from "../parts/Glyph";
import { StepGlyph } from "../parts/StepGlyph";
import { stepName } from "../parts/stepName";
import { Time } from "../parts/Time";
import { TagName } from "../settings/TagName";
import type { Way } from "./query";
import type { Trace } from "./rows";
import { ThreadTags } from "./ThreadTags";
import type { Totals } from "./totals";
import type { Tree } from "./tree";
import { UserLink } from "./UserLink";

interface Props {
  trace: Trace;
  tree: Tree;
  totals: Totals;
  way: Way;
  /** Before the name. */
  children: ReactNode;
}

/** What a trace is: its name, whose it is, and its totals. */
export function TraceHead({ trace, tree, totals, way, children }: Props) {
  const project = useProjectId();
  const { thread } = trace;
  const root = trace.root === null ? undefined : tree.nodes.get(trace.root);
  const row = root?.row ?? null;
  const ofThread = way === "thread";
  const id = ofThread ? (thread?.id ?? trace.rows[0]?.id ?? "") : (trace.root ?? "");
  const name = ofThread ? thread?.name || "N/A" : row === null ? "N/A" : stepName(row);
  const environment = (ofThread ? thread?.environment : null) ?? row?.environment ?? thread?.environment ?? null;
  const began = tree.roots[0]?.begin;
  return (
    <header className="trace-head">
      <div className="trace-title">
        {children}
        {ofThread ? <Glyph name="threads" /> : <StepGlyph type={row?.type ?? null} />}
        <h1 dir="auto" className={name === "N/A" ? "muted" : ""}>
          {name}
        </h1>
        <span className="trace-id">
          <code title={id}>{shortId(id)}</code>
          <CopyButton text={id} what={`the id of the ${ofThread ? "thread" : "step"}`} />
        </span>
        {thread?.participant != null && <UserLink user={thread.participant} />}
        {!ofThread && thread !== null && (
          <Link to="/p/$project/threads/$id" params={{ project, id: thread.id }} className="trace-link">
            <Glyph name="threads" /> {thread.name || `Thread ${shortId(thread.id)}`}
          </Link>
        )}
        {environment !== null && <Chip title="Environment">{environment}</Chip>}
        {ofThread && thread !== null && <ThreadTags thread={thread} />}
        {!ofThread && row?.tags?.map((tag) => <TagName key={tag} name={tag} />)}
        <span className="muted">
          <Time value={thread?.createdAt && ofThread ? thread.createdAt : isoOf(began)} />
        </span>
      </div>
      <dl className="trace-totals">
        <Figure name="Duration" value={totals.inFlight ? "in flight" : duration(totals.duration)} />
        <Figure name="Steps" value={count(totals.steps)} />
        <Figure name="Generations" value={count(totals.generations)} />
        <Figure
          name="Tokens"
          value={count(totals.tokens, totals.estimated)}
          title={`${count(totals.inputTokens)} in, ${count(totals.outputTokens)} out`}
        />
        <Figure name="Cost" value={cost(totals.cost)} />
        <Figure name="Errors" value={count(totals.errors)} {...(totals.errors > 0 ? { look: "figure-error" } : {})} />
      </dl>
    </header>
  );
}

function Figure({ name, value, title, look = "" }: { name: string; value: string; title?: string; look?: string }) {
  return (
    <div className={`figure ${look}`} title={title}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function isoOf(microseconds: number | undefined): string | null {
  return microseconds === undefined || !Number.isFinite(microseconds)
    ? null
    : new Date(microseconds / 1_000).toISOString();
}
