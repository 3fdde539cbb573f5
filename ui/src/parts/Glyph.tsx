/** Pictures as paths in a box of 16 × 16, drawn as lines. */
const LINES = {
  dashboard: "M2 14h12M4 12V8M8 12V3M12 12V6",
  threads: "M2 3h12v8H7l-3 3v-3H2z",
  runs: "M4 2l9 6-9 6z",
  generations: "M8 1.5l1.6 4.9 4.9 1.6-4.9 1.6L8 14.5 6.4 9.6 1.5 8l4.9-1.6z",
  steps: "M2 3h4M2 8h8M2 13h12",
  scores: "M8 1.8l1.9 4 4.3.5-3.2 3 .9 4.3L8 11.5l-3.9 2.1.9-4.3-3.2-3 4.3-.5z",
  users: "M8 8a3 3 0 100-6 3 3 0 000 6zM2.5 14c.6-2.8 2.8-4.2 5.5-4.2s4.9 1.4 5.5 4.2",
  settings:
    "M8 10.2a2.2 2.2 0 100-4.4 2.2 2.2 0 000 4.4zM8 1v2.3M8 12.7V15M1 8h2.3M12.7 8H15M3 3l1.7 1.7M11.3 11.3L13 13M13 3l-1.7 1.7M4.7 11.3L3 13",
  copy: "M5 5h8v9H5zM3 11V2h8",
  search: "M7 12A5 5 0 107 2a5 5 0 000 10zM11 11l3.5 3.5",
  fold: "M6 3l5 5-5 5",
  unfold: "M3 6l5 5 5-5",
  more: "M3 8h.01M8 8h.01M13 8h.01",
  filter: "M2 3h12L9.5 8.5V14l-3-1.5v-4z",
  link: "M6.5 9.5l3-3M7 5l2-2a2.8 2.8 0 014 4l-2 2M9 11l-2 2a2.8 2.8 0 01-4-4l2-2",
  error: "M8 1.5L15 14H1zM8 6v4M8 12h.01",
  rail: "M2 2h12v12H2zM6 2v12",
  live: "M8 8h.01M5 11a4.2 4.2 0 010-6M11 5a4.2 4.2 0 010 6M2.8 13.2a7.3 7.3 0 010-10.4M13.2 2.8a7.3 7.3 0 010 10.4",
  tag: "M2 2h6l6 6-6 6-6-6zM5 5h.01",
  dataset:
    "M8 6c3.3 0 6-.9 6-2s-2.7-2-6-2-6 .9-6 2 2.7 2 6 2zM2 4v8c0 1.1 2.7 2 6 2s6-.9 6-2V4M2 8c0 1.1 2.7 2 6 2s6-.9 6-2",
  // Kinds of steps.
  run: "M4 2.5l9 5.5-9 5.5z",
  llm: "M8 1.5l1.6 4.9 4.9 1.6-4.9 1.6L8 14.5 6.4 9.6 1.5 8l4.9-1.6z",
  tool: "M13.5 4.5a3.6 3.6 0 01-4.8 4.6L4 13.8 2.2 12l4.7-4.7a3.6 3.6 0 014.6-4.8L9.3 4.7l2 2z",
  retrieval: "M7 12A5 5 0 107 2a5 5 0 000 10zM11 11l3.5 3.5",
  embedding: "M3 3h.01M8 3h.01M13 3h.01M3 8h.01M8 8h.01M13 8h.01M3 13h.01M8 13h.01M13 13h.01",
  rerank: "M4 13V3M4 3L1.8 5.5M4 3l2.2 2.5M12 3v10M12 13l2.2-2.5M12 13l-2.2-2.5",
  user_message: "M2 3h12v8H7l-3 3v-3H2z",
  assistant_message: "M14 3H2v8h7l3 3v-3h2z",
  system_message: "M2 2h12v12H2zM5 6h6M5 10h6",
  undefined: "M8 14A6 6 0 108 2a6 6 0 000 12z",
} as const;

export type GlyphName = keyof typeof LINES;

/** Whether there is a picture of this name: types of steps come from the server. */
export function isGlyph(name: string): name is GlyphName {
  return Object.hasOwn(LINES, name);
}

/** A line drawing in the colour of the text around; a `label` is read out, without one it is decoration. */
export function Glyph({ name, label, className = "" }: { name: GlyphName; label?: string; className?: string }) {
  return (
    <>
      <svg className={`glyph ${className}`} viewBox="0 0 16 16" aria-hidden="true">
        <path
          d={LINES[name]}
          fill="none"
          stroke="currentColor"
          strokeWidth="1.5"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      </svg>
      {label !== undefined && <span className="hidden-visually">{label}</span>}
    </>
  );
}
