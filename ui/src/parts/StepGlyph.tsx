import { Glyph, isGlyph } from "./Glyph";
import "./stepGlyph.css";

/** The shape and the colour of a type of steps; decoration without a `label`. */
export function StepGlyph({ type, label }: { type: string | null; label?: string }) {
  const name = type !== null && isGlyph(type) ? type : "undefined";
  const kind = name.endsWith("_message") ? "message" : name;
  return <Glyph name={name} className={`step-glyph kind-${kind}`} {...(label === undefined ? {} : { label })} />;
}
