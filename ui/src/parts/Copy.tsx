import { Button } from "./Button";
import { Glyph } from "./Glyph";
import { say, sayError } from "./toasts";

/** Puts a text on the clipboard and says so. `what` names it: "Copied the id". */
export async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    say(`Copied ${what}`);
  } catch {
    sayError(new Error("The browser does not let this page write to the clipboard."));
  }
}

/** A small button that copies `text`. */
export function CopyButton({ text, what, className = "" }: { text: string; what: string; className?: string }) {
  return (
    <Button look="plain" className={className} aria-label={`Copy ${what}`} onClick={() => copy(text, what)}>
      <Glyph name="copy" />
    </Button>
  );
}

/** Code to take along, with a button that copies it. */
export function Snippet({ code, what }: { code: string; what: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, which needs the focus for the keyboard
    <pre className="snippet" tabIndex={0}>
      <code>{code}</code>
      <CopyButton text={code} what={what} className="snippet-copy" />
    </pre>
  );
}
