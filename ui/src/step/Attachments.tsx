import { useState } from "react";
import { Button } from "../parts/Button";
import { sayError } from "../parts/toasts";
import { LongText } from "./LongText";
import { FileLink, Player } from "./Media";
import type { Attachment } from "./types";

/** Bytes of a text file that are shown. */
const SHOWN_BYTES = 256 * 1_024;

/** The files of a step with previews (P-LOG-17, L-ATT-06). Nothing of another host is loaded. */
export function Attachments({ files }: { files: readonly Attachment[] }) {
  if (files.length === 0) return null;
  return (
    <section className="attachments" aria-label="Attachments">
      <h3>Attachments ({files.length})</h3>
      <ul>
        {files.map((file) => (
          <li key={file.id} className="attachment">
            <FileLink file={file} />
            <Preview file={file} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Preview({ file }: { file: Attachment }) {
  if (!file.isOurs || file.url === null) return null;
  switch (file.preview) {
    case "image":
    case "audio":
    case "video":
      return <Player kind={file.preview} address={file.url} name={file.name ?? file.id} />;
    case "text":
      return <TextPreview address={file.url} />;
    default:
      return null;
  }
}

function TextPreview({ address }: { address: string }) {
  const [text, setText] = useState<string | null>(null);
  const [isAsking, setAsking] = useState(false);
  const ask = async () => {
    setAsking(true);
    try {
      const answer = await fetch(address, { headers: { range: `bytes=0-${SHOWN_BYTES - 1}` } });
      if (!answer.ok) throw new Error("The file could not be read.");
      setText(await answer.text());
    } catch (error) {
      sayError(error);
    } finally {
      setAsking(false);
    }
  };
  if (text !== null) return <LongText text={text} plain />;
  return (
    <Button look="plain" aria-busy={isAsking} onClick={() => void ask()}>
      Show
    </Button>
  );
}
