import type { KeyboardEvent, RefObject } from "react";
import { Button } from "../parts/Button";
import { Glyph } from "../parts/Glyph";

interface Props {
  field: RefObject<HTMLInputElement | null>;
  text: string;
  /** How many steps match and which of them is selected, from 1; 0 where it is none of them. */
  found: number;
  at: number;
  onText: (text: string) => void;
  /** To the next match, or to the one before. */
  onGo: (step: 1 | -1) => void;
  onLeave: () => void;
}

/** Search in the trace: Enter goes on to the next match, Shift Enter back, Escape leaves. */
export function SearchBox({ field, text, found, at, onText, onGo, onLeave }: Props) {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter") onGo(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") onLeave();
    else return;
    event.preventDefault();
  };
  return (
    <search className="trace-search">
      <Glyph name="search" />
      <input
        ref={field}
        className="input"
        type="search"
        value={text}
        placeholder="Search in this trace"
        aria-label="Search in this trace"
        onChange={(event) => onText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      {text.trim() !== "" && (
        <>
          <span className="muted" role="status">
            {found === 0 ? "nothing found" : `${at} of ${found}`}
          </span>
          <Button look="plain" aria-label="Previous match" onClick={() => onGo(-1)}>
            ↑
          </Button>
          <Button look="plain" aria-label="Next match" onClick={() => onGo(1)}>
            ↓
          </Button>
        </>
      )}
    </search>
  );
}
