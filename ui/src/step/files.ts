import { createContext } from "react";
import type { Attachment } from "./types";

const REFERENCE = "sha256:";

/** The attachments of the step whose content is shown: texts refer to them by their hash. */
export const StepFiles = createContext<readonly Attachment[]>([]);

/** Where a piece of media is, and whether the page may load it. */
export type Place =
  | { kind: "here"; address: string; attachment: Attachment | null }
  | { kind: "elsewhere"; address: string }
  | { kind: "missing"; about: string };

/** Types of data addresses that a browser shows and does not run. */
const SAFE_DATA = /^data:(image\/(avif|bmp|gif|jpeg|jpg|png|webp)|audio\/[\w.+-]+|video\/[\w.+-]+)[;,]/i;

/** The place behind `sha256:…`, `data:…` or any address. Nothing of another host is ever loaded. */
export function placeOf(source: string, files: readonly Attachment[]): Place {
  if (source.startsWith(REFERENCE)) {
    const hash = source.slice(REFERENCE.length);
    const attachment = files.find((file) => file.metadata.sha256 === hash);
    return attachment?.isOurs && attachment.url !== null
      ? { kind: "here", address: attachment.url, attachment }
      : { kind: "missing", about: `The file ${source.slice(0, 19)}… is not with this step.` };
  }
  if (SAFE_DATA.test(source)) return { kind: "here", address: source, attachment: null };
  if (/^https?:\/\//i.test(source)) return { kind: "elsewhere", address: source };
  return { kind: "missing", about: source.length > 80 ? `${source.slice(0, 80)}…` : source };
}

/** The address that shows an attachment in the browser and does not save it. */
export function inline(address: string): string {
  return `${address}${address.includes("?") ? "&" : "?"}inline=1`;
}
