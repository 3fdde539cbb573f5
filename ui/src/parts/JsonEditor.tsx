import { useEffect, useRef, useState } from "react";

interface Props {
  /** What is in it at first. */
  text: string;
  onChange: (text: string) => void;
  /** Name, description and state for readers of the screen. */
  attributes: Record<string, string>;
}

/** A field for JSON: an editor that is loaded when it is first needed, a plain field until then. */
export function JsonEditor({ text, onChange, attributes }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const [loaded, setLoaded] = useState(false);
  const latest = useRef({ text, onChange, attributes });
  latest.current = { ...latest.current, onChange };
  useEffect(() => {
    let end: (() => void) | undefined;
    let gone = false;
    import("./codeMirror").then(
      ({ editJson }) => {
        if (gone || place.current === null) return;
        const { text, attributes } = latest.current;
        const focused = place.current.parentElement?.contains(document.activeElement) ?? false;
        end = editJson(place.current, text, attributes, focused, (next) => latest.current.onChange(next));
        setLoaded(true);
      },
      () => {
        // The plain field goes on to do.
      },
    );
    return () => {
      gone = true;
      end?.();
    };
  }, []);
  return (
    <div className="input json-editor">
      <div ref={place} />
      {!loaded && (
        <textarea
          {...attributes}
          rows={12}
          spellCheck={false}
          defaultValue={text}
          onChange={(event) => {
            latest.current.text = event.target.value;
            onChange(event.target.value);
          }}
        />
      )}
    </div>
  );
}
