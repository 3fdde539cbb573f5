import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useCallback, useMemo, useRef, useState } from "react";
import { useChanges } from "../api/live";
import { ApiError } from "../api/request";
import { useProjectId } from "../frame/project";
import { frameSearch } from "../frame/range";
import { Button } from "../parts/Button";
import { Chip } from "../parts/Chip";
import { Glyph } from "../parts/Glyph";
import { useKept } from "../parts/kept";
import { type Shortcut, useShortcuts } from "../parts/keys";
import { Notice } from "../parts/Notice";
import { StepGlyph } from "../parts/StepGlyph";
import { stepName } from "../parts/stepName";
import { CopyMenu, copyAsJson } from "./CopyMenu";
import { useCompareMark } from "./compareMark";
import { lossesOf } from "./facts";
import { Scroller } from "./Messages";
import { useStep } from "./query";
import { Scores } from "./Scores";
import { MetadataTab, RawTab, RenderedTab, ValuesTab } from "./StepTabs";
import { TagEditor } from "./TagEditor";
import type { WholeStep } from "./types";
import "./content.css";
import "./step.css";

const TABS = [
  { name: "Rendered", View: RenderedTab },
  { name: "Input/Output", View: ValuesTab },
  { name: "Metadata", View: MetadataTab },
  { name: "Raw span", View: RawTab },
] as const;

/** A step with everything: fills the box around it and scrolls inside itself. */
export function StepPanel({ id }: { id: string }) {
  const project = useProjectId();
  const client = useQueryClient();
  const { data: step, error, isPending, refetch } = useStep(id);
  useChanges(
    ["steps", "scores"],
    useCallback(
      (changes) => {
        const isThis = changes === "reset" || changes.some((change) => change.id === id || change.stepId === id);
        if (isThis) void client.invalidateQueries({ queryKey: ["step", project, id] });
      },
      [client, project, id],
    ),
  );
  // What was there stays in sight when asking again fails.
  if (step !== undefined) return <Panel key={step.id} step={step} trouble={troubleOf(error)} />;
  if (isPending) return <div className="step-panel" aria-busy="true" />;
  const isGone = troubleOf(error) === "deleted";
  return (
    <div className="step-panel">
      <Notice title={isGone ? "This step is not here" : "The step could not be read"}>
        <p role="alert">{isGone ? "It was deleted, or it has not arrived yet." : error.message}</p>
        <Button onClick={() => void refetch()}>Try again</Button>
      </Notice>
    </div>
  );
}

type Trouble = "deleted" | "not up to date";

function troubleOf(error: Error | null): Trouble | null {
  if (error === null) return null;
  return error instanceof ApiError && error.code === "NOT_FOUND" ? "deleted" : "not up to date";
}

function Panel({ step, trouble }: { step: WholeStep; trouble: Trouble | null }) {
  const [kept, setTab] = useKept("step.tab", 0);
  const tab = TABS[kept] === undefined ? 0 : kept;
  const [isScoring, setScoring] = useState(false);
  const [scroller, setScroller] = useState<HTMLElement | null>(null);
  const tagField = useRef<HTMLInputElement>(null);
  const scores = useRef<HTMLDivElement>(null);
  useShortcuts(
    useMemo<Shortcut[]>(
      () => [
        ...TABS.map(({ name }, index) => ({ key: String(index + 1), about: `Show ${name}`, run: () => setTab(index) })),
        { key: "c", about: "Copy the step as JSON", run: () => void copyAsJson(step) },
        {
          key: "s",
          about: "Score the step",
          run: () => {
            setScoring(true);
            scores.current?.scrollIntoView({ block: "nearest" });
          },
        },
        { key: "t", about: "Tag the step", run: () => tagField.current?.focus() },
      ],
      [step, setTab],
    ),
  );
  const View = TABS[tab]?.View ?? RenderedTab;
  return (
    <article className="step-panel" aria-label={`Step ${stepName({ ...step, model: step.generation?.model ?? null })}`}>
      <header className="step-head">
        <Head step={step} trouble={trouble} />
        <div className="step-marks">
          <TagEditor step={step} field={tagField} />
          <Scores step={step} isAdding={isScoring} onAdding={setScoring} button={scores} />
        </div>
        <div className="tabs" role="tablist" aria-label="Views of the step">
          {TABS.map(({ name }, index) => (
            <button
              key={name}
              type="button"
              role="tab"
              id={`step-tab-${index}`}
              className="tab"
              aria-selected={index === tab}
              aria-controls="step-view"
              tabIndex={index === tab ? 0 : -1}
              onClick={() => setTab(index)}
              onKeyDown={(event) => {
                const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
                if (by === 0) return;
                event.preventDefault();
                event.stopPropagation();
                const next = (tab + by + TABS.length) % TABS.length;
                setTab(next);
                document.getElementById(`step-tab-${next}`)?.focus();
              }}
            >
              {name}
            </button>
          ))}
        </div>
      </header>
      <div
        ref={setScroller}
        className="step-body"
        role="tabpanel"
        id="step-view"
        aria-labelledby={`step-tab-${tab}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, which needs the focus for the keyboard
        tabIndex={0}
      >
        <Scroller.Provider value={scroller}>
          <Failures step={step} />
          <View step={step} />
        </Scroller.Provider>
      </div>
    </article>
  );
}

function Head({ step, trouble }: { step: WholeStep; trouble: Trouble | null }) {
  const { generation } = step;
  const name = stepName({ ...step, model: generation?.model ?? null });
  const type = (step.type ?? "undefined").replaceAll("_", " ");
  return (
    <div className="step-title">
      <StepGlyph type={step.type} />
      <h2 title={name} dir="auto">
        {name}
      </h2>
      <span className="muted step-type">{type}</span>
      {generation?.model && generation.model !== name && <Chip title={generation.model}>{generation.model}</Chip>}
      {step.startTime !== null && step.endTime === null && <Chip title="It has no end time yet">in flight</Chip>}
      {trouble !== null && (
        <Chip title={trouble === "deleted" ? "This is what it was" : "The server did not answer the last time"}>
          {trouble}
        </Chip>
      )}
      <span className="value-space" />
      {generation !== null && <CompareButton step={step} />}
      <CopyMenu step={step} />
    </div>
  );
}

/** Marks a generation to be compared; with another one marked it leads to both side by side (P-LOG-10). */
function CompareButton({ step }: { step: WholeStep }) {
  const project = useProjectId();
  const [marked, mark] = useCompareMark(project);
  if (marked === null || marked === step.id) {
    return (
      <Button
        look="plain"
        aria-pressed={marked === step.id}
        title="Compare with another generation: mark this one, then go to the other"
        onClick={() => mark(marked === null ? step.id : null)}
      >
        {marked === null ? "Compare" : "Marked"}
      </Button>
    );
  }
  return (
    <Link
      className="button button-plain"
      to="/p/$project/compare"
      params={{ project }}
      search={(before) => ({ ...frameSearch(before as Record<string, unknown>), a: marked, b: step.id })}
      onClick={() => mark(null)}
    >
      Compare with marked
    </Link>
  );
}

function Failures({ step }: { step: WholeStep }) {
  const losses = lossesOf(step);
  const exception = step.raw?.events.findLast(({ name }) => name === "exception")?.attributes;
  const facts = typeof exception === "object" && exception !== null && !Array.isArray(exception) ? exception : {};
  const error = step.error ?? step.generation?.error ?? null;
  const type = facts["exception.type"];
  const stack = facts["exception.stacktrace"];
  return (
    <>
      {error !== null && (
        <section className="step-error" aria-label="Error">
          <Glyph name="error" label="Error" />
          {typeof type === "string" && <strong dir="auto">{type}</strong>}
          <p dir="auto">{error}</p>
          {typeof stack === "string" && (
            <details>
              <summary>Stack</summary>
              {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, which needs the focus for the keyboard */}
              <pre tabIndex={0}>{stack}</pre>
            </details>
          )}
        </section>
      )}
      {losses.length > 0 && (
        <section className="step-loss" aria-label="Not whole">
          {losses.map((loss) => (
            <p key={loss}>
              <Glyph name="error" /> {loss}
            </p>
          ))}
        </section>
      )}
    </>
  );
}
