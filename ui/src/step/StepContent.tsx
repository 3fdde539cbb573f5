import { useMemo } from "react";
import { type Content, contentOf, type Document } from "./content";
import { StepFiles } from "./files";
import { LongText } from "./LongText";
import { Messages } from "./Messages";
import type { WholeStep } from "./types";
import { ValueView } from "./ValueView";
import "./content.css";

/** One side of a step as it is best read: messages as a chat, text, documents that were found, or a value. */
export function StepContent({ step, side }: { step: WholeStep; side: "input" | "output" }) {
  const content = useMemo(() => contentOf(step, side), [step, side]);
  return (
    <StepFiles.Provider value={step.attachments}>
      <ContentView content={content} title={side === "input" ? "Input" : "Output"} />
    </StepFiles.Provider>
  );
}

export function ContentView({ content, title }: { content: Content; title: string }) {
  switch (content.kind) {
    case "nothing":
      return <p className="muted">nothing</p>;
    case "text":
      return <LongText text={content.text} />;
    case "messages":
      return <Messages messages={content.messages} label={title} />;
    case "documents":
      return <Documents documents={content.documents} query={content.query} />;
    case "json":
      return <ValueView title={title} value={content.value} />;
  }
}

function Documents({ documents, query }: { documents: Document[]; query: string | null }) {
  return (
    <div>
      {query !== null && <LongText text={query} />}
      <ol className="documents">
        {documents.map((document, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: documents may come twice
          <li key={index} className="document">
            <header className="message-head">
              <span className="message-role">{index + 1}</span>
              {document.score !== null && (
                <span className="document-score" title="score">
                  {document.score.toPrecision(4)}
                </span>
              )}
              {document.id !== null && (
                <code className="muted" dir="auto">
                  {document.id}
                </code>
              )}
            </header>
            <LongText text={document.text} />
            {Object.keys(document.rest).length > 0 && (
              <details>
                <summary>More of it</summary>
                <ValueView title="Document" value={document.rest} />
              </details>
            )}
          </li>
        ))}
      </ol>
    </div>
  );
}
