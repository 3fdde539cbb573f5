import { useContext, useState } from "react";
import { Button } from "../parts/Button";
import { bytes } from "../parts/format";
import { Glyph } from "../parts/Glyph";
import { inline, placeOf, StepFiles } from "./files";
import type { Attachment } from "./types";

export type MediaKind = "image" | "audio" | "video" | "file";

/** An image, sound, video or file of a message. What is on another host is a link and is not loaded. */
export function Media({ media, source, about }: { media: MediaKind; source: string; about: string | null }) {
  const place = placeOf(source, useContext(StepFiles));
  if (place.kind === "missing") {
    return (
      <p className="media-note" dir="auto">
        <Glyph name="error" /> {about ?? media}: {place.about}
      </p>
    );
  }
  if (place.kind === "elsewhere") {
    return (
      <p className="media-note">
        <Glyph name="link" />
        <a href={place.address} target="_blank" rel="noopener noreferrer" dir="auto">
          {about ?? place.address}
        </a>
        <span className="muted">
          ({media} on {new URL(place.address).host}, not loaded)
        </span>
      </p>
    );
  }
  const kind = place.attachment === null ? media : previewKind(place.attachment, media);
  return <Player kind={kind} address={place.address} name={about ?? place.attachment?.name ?? media} />;
}

function previewKind({ preview }: Attachment, media: MediaKind): MediaKind {
  return preview === "image" || preview === "audio" || preview === "video"
    ? preview
    : media === "file"
      ? media
      : "file";
}

/** What the browser plays or shows, loaded when it comes into view. */
export function Player({ kind, address, name }: { kind: MediaKind; address: string; name: string }) {
  const [failed, setFailed] = useState(0);
  const [isBroken, setBroken] = useState(false);
  if (isBroken) {
    return (
      <p className="media-note">
        <Glyph name="error" /> {name} could not be loaded.
        <Button
          look="plain"
          onClick={() => {
            setFailed(failed + 1);
            setBroken(false);
          }}
        >
          Try again
        </Button>
      </p>
    );
  }
  const onError = () => setBroken(true);
  switch (kind) {
    case "image":
      return <img key={failed} className="media-image" src={address} alt={name} loading="lazy" onError={onError} />;
    case "audio":
      return (
        // biome-ignore lint/a11y/useMediaCaption: what users uploaded has no captions
        <audio
          key={failed}
          className="media-audio"
          src={address}
          aria-label={name}
          controls
          preload="none"
          onError={onError}
        />
      );
    case "video":
      return (
        // biome-ignore lint/a11y/useMediaCaption: what users uploaded has no captions
        <video
          key={failed}
          className="media-image"
          src={address}
          aria-label={name}
          controls
          preload="none"
          onError={onError}
        />
      );
    default:
      return (
        <a className="media-note" href={address} download={name} dir="auto">
          <Glyph name="link" /> {name}
        </a>
      );
  }
}

/** A link that shows an attachment in a tab of its own, or saves it where it cannot be shown safely. */
export function FileLink({ file }: { file: Attachment }) {
  const name = file.name ?? file.id;
  if (file.url === null) return <span dir="auto">{name}</span>;
  const shown = file.isOurs && file.preview !== null;
  return (
    <span className="file-link">
      <a
        href={shown ? inline(file.url) : file.url}
        target="_blank"
        rel="noopener noreferrer"
        dir="auto"
        {...(shown || !file.isOurs ? {} : { download: name })}
      >
        {name}
      </a>
      <span className="muted">
        {[file.mime, file.size === null ? null : bytes(file.size)].filter(Boolean).join(" · ")}
        {!file.isOurs && " · on another host"}
      </span>
    </span>
  );
}
