import { Button } from "../parts/Button";
import { Attachments } from "./Attachments";
import { Facts } from "./Facts";
import { summaryOf } from "./facts";
import { useTextStyle } from "./LongText";
import { StepContent } from "./StepContent";
import type { Json, RawSpan, WholeStep } from "./types";
import { ValueView } from "./ValueView";

interface Props {
  step: WholeStep;
}

/** Content as it is best read, with the facts beside it. */
export function RenderedTab({ step }: Props) {
  const [style, setStyle] = useTextStyle();
  return (
    <div className="rendered">
      <div className="rendered-main">
        <Summary step={step} />
        <section aria-label="Input">
          <div className="side-head">
            <h3>Input</h3>
            <Button
              look="plain"
              aria-label={`Texts are shown as ${style === "markdown" ? "Markdown" : "Plain text"}`}
              onClick={() => setStyle(style === "markdown" ? "plain" : "markdown")}
            >
              {style === "markdown" ? "Markdown" : "Plain text"}
            </Button>
          </div>
          <StepContent step={step} side="input" />
        </section>
        <section aria-label="Output">
          <div className="side-head">
            <h3>Output</h3>
          </div>
          <StepContent step={step} side="output" />
        </section>
      </div>
      <aside className="rendered-side" aria-label="About the step">
        <Facts step={step} />
        <Attachments files={step.attachments} />
      </aside>
    </div>
  );
}

/** Where there is no room beside the content, the most important facts stand above it and all of them below. */
function Summary({ step }: Props) {
  const parts = summaryOf(step);
  return parts.length === 0 ? null : <p className="step-summary muted">{parts.join(" · ")}</p>;
}

/** Input and output as they are stored; of a generation all that it holds. */
export function ValuesTab({ step }: Props) {
  return (
    <div className="values">
      <ValueView title="Input" value={step.input} />
      <ValueView title="Output" value={step.output} />
      {step.generation !== null && <ValueView title="Generation" value={step.generation as unknown as Json} />}
    </div>
  );
}

export function MetadataTab({ step }: Props) {
  return (
    <div className="values">
      <ValueView title="Metadata" value={step.metadata} />
    </div>
  );
}

/** The span that the step was made from: what the step does not say of it. */
export function RawTab({ step }: Props) {
  const { raw } = step;
  if (raw === null) return <p className="muted raw-note">This step came from no span: a client made it.</p>;
  return (
    <div className="values">
      <p className="muted raw-note">
        {raw.whole
          ? "What the step does not say already: the rest of the attributes, events, links, scope and resource."
          : "An SDK sent this step, not the span: what its metadata keep of the span. Spans sent over OTLP are here in full."}
      </p>
      <ValueView title="Span" value={identity(raw)} />
      <ValueView title="Attributes" value={raw.attributes} />
      {raw.events.length > 0 && <ValueView title="Events" value={raw.events} />}
      {raw.links.length > 0 && <ValueView title="Links" value={raw.links} />}
      {raw.scope !== null && <ValueView title="Scope" value={raw.scope} />}
      {raw.resource !== null && <ValueView title="Resource" value={raw.resource} />}
    </div>
  );
}

function identity(raw: RawSpan): Json {
  const { traceId, spanId, parentSpanId, kind, status, statusText, traceState } = raw;
  const all = { traceId, spanId, parentSpanId, kind, status, statusText, traceState };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
}
