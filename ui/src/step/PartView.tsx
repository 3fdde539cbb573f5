import { Glyph } from "../parts/Glyph";
import { LongText } from "./LongText";
import { Media } from "./Media";
import type { Part } from "./message";
import type { Json } from "./types";
import { ValueView } from "./ValueView";

/** A piece of a message. `calls`: id of a call -> name of its tool. */
export function PartView({ part, calls }: { part: Part; calls: ReadonlyMap<string, string> }) {
  switch (part.kind) {
    case "text":
      return <LongText text={part.text} />;
    case "reasoning":
      return (
        <details className="reasoning">
          <summary>Reasoning</summary>
          <LongText text={part.text} />
        </details>
      );
    case "refusal":
      return (
        <div className="refusal">
          <span className="part-title">
            <Glyph name="error" /> Refused
          </span>
          <LongText text={part.text} />
        </div>
      );
    case "call":
      return (
        <div className="tool-part">
          <PartTitle what="calls" name={part.name} id={part.id} />
          <Payload value={part.arguments} title="Arguments" />
        </div>
      );
    case "result": {
      const name = part.name ?? (part.id === null ? null : (calls.get(part.id) ?? null));
      return (
        <div className="tool-part">
          <PartTitle what="result of" name={name ?? "a call"} id={part.id} />
          <Payload value={part.value} title="Result" />
        </div>
      );
    }
    case "media":
      return <Media media={part.media} source={part.source} about={part.about} />;
    case "unknown":
      return <ValueView title="Part of another kind" value={part.value} isInline />;
  }
}

function PartTitle({ what, name, id }: { what: string; name: string; id: string | null }) {
  return (
    <div className="part-title">
      <Glyph name="tool" className="step-glyph kind-tool" />
      <span className="muted">{what}</span>
      <code dir="auto">{name}</code>
      {id !== null && (
        <code className="muted part-id" title={id}>
          {id.length > 14 ? `…${id.slice(-12)}` : id}
        </code>
      )}
    </div>
  );
}

function Payload({ value, title }: { value: Json; title: string }) {
  if (value === null || value === "") return <p className="muted">nothing</p>;
  return typeof value === "string" ? (
    <LongText text={value} plain />
  ) : (
    <ValueView title={title} value={value} isInline />
  );
}
