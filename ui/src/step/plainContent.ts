import type { Content } from "./content";
import type { Message, Part } from "./message";
import type { Json } from "./types";

/** What one side of a step says as lines of text, for holding two against each other. */
export function linesOfContent(content: Content): string {
  switch (content.kind) {
    case "nothing":
      return "";
    case "text":
      return content.text;
    case "messages":
      return content.messages.map(linesOfMessage).join("\n\n");
    case "documents":
      return content.documents.map(({ text, score }, index) => `#${index + 1} ${score ?? ""}\n${text}`).join("\n\n");
    case "json":
      return json(content.value);
  }
}

function linesOfMessage({ role, name, parts }: Message): string {
  return [`${role}${name === null ? "" : ` ${name}`}:`, ...parts.map(linesOfPart)].join("\n");
}

function linesOfPart(part: Part): string {
  switch (part.kind) {
    case "text":
    case "refusal":
      return part.text;
    case "reasoning":
      return `[reasoning]\n${part.text}`;
    case "call":
      return `[calls ${part.name}]\n${json(part.arguments)}`;
    case "result":
      return `[result${part.name === null ? "" : ` of ${part.name}`}]\n${json(part.value)}`;
    case "media":
      return `[${part.media} ${part.source.slice(0, 80)}]`;
    case "unknown":
      return json(part.value);
  }
}

function json(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}
