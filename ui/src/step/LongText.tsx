import { lazy, Suspense, useMemo, useState } from "react";
import { Button } from "../parts/Button";
import { bytes } from "../parts/format";
import { useKept } from "../parts/kept";
import { linesOf, sizeOfText, startOf } from "./rows";
import { VirtualRows } from "./VirtualRows";

const Markdown = lazy(() => import("./Markdown"));

/** Characters and lines that are shown of a long text in the beginning. */
const CUT_CHARACTERS = 4_000;
const CUT_LINES = 80;
/** Characters of a text that is read as markdown: beyond that reading it takes longer than a frame. */
const MARKDOWN_CHARACTERS = 100_000;
const LINE_PIXELS = 19;

export type TextStyle = "markdown" | "plain";

/** Whether texts are shown as markdown, kept by this browser. */
export function useTextStyle(): [TextStyle, (style: TextStyle) => void] {
  return useKept<TextStyle>("text.style", "markdown");
}

/** A text of any length: as markdown or as it is, cut first, all of it when asked for. */
export function LongText({ text, plain = false }: { text: string; plain?: boolean }) {
  const [style] = useTextStyle();
  const [isWhole, setWhole] = useState(false);
  const start = useMemo(() => startOf(text, CUT_CHARACTERS, CUT_LINES), [text]);
  const isCut = start.length < text.length;
  const shown = isWhole ? text : start;
  const asMarkdown = !plain && style === "markdown" && shown.length <= MARKDOWN_CHARACTERS;
  return (
    <div className="long-text">
      {asMarkdown ? (
        <Suspense fallback={<PlainText text={shown} />}>
          <Markdown text={shown} />
        </Suspense>
      ) : (
        <PlainText text={shown} />
      )}
      {isCut && (
        <Button look="plain" className="value-more" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          {isWhole ? "Show less" : `Show all (${bytes(sizeOfText(text))})`}
        </Button>
      )}
    </div>
  );
}

function PlainText({ text }: { text: string }) {
  const lines = useMemo(() => linesOf(text), [text]);
  return (
    <VirtualRows
      className="plain-text"
      label="Text"
      count={lines.length}
      estimate={LINE_PIXELS}
      render={(index) => (
        <div className="plain-line" dir="auto">
          {lines[index] || "\u00a0"}
        </div>
      )}
    />
  );
}
