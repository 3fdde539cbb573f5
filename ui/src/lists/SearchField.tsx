import { type RefObject, useEffect, useState } from "react";
import { Glyph } from "../parts/Glyph";

/** Milliseconds without a key after which what was typed is searched for. */
const PAUSE = 350;

interface Props {
  kind: string;
  value: string;
  onSearch: (text: string | null) => void;
  field: RefObject<HTMLInputElement | null>;
}

/** The full-text search of a list. */
export function SearchField({ kind, value, onSearch, field }: Props) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text.trim() === value) return;
    const timer = setTimeout(() => onSearch(text.trim() || null), PAUSE);
    return () => clearTimeout(timer);
  }, [text, value, onSearch]);
  return (
    <search className="list-search">
      <Glyph name="search" />
      <input
        ref={field}
        type="search"
        className="input"
        aria-label={`Search ${kind}`}
        placeholder="Search (/)"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") onSearch(text.trim() || null);
          if (event.key === "Escape") event.currentTarget.blur();
        }}
      />
    </search>
  );
}
