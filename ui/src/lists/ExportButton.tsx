import { useState } from "react";
import { Button } from "../parts/Button";
import { Snippet } from "../parts/Copy";
import { Dialog } from "../parts/Dialog";
import { serverUrl } from "../signin/instrument";
import { curlCode, pythonCode } from "./exportCode";
import type { Filter } from "./filter";
import { orderOf } from "./listSearch";
import type { Kind } from "./rows";

interface Props {
  kind: Kind;
  /** The filters of the list, those of the top bar among them, as they are now. */
  filters: () => Filter[];
  order: string | null;
  search: string;
}

/** The code that reads what this list shows (P-XPT-01). */
export function ExportButton({ kind, filters, order, search }: Props) {
  const [open, setOpen] = useState(false);
  const asked = { kind, url: serverUrl(), filters: open ? filters() : [], order: orderOf(order ?? undefined) };
  return (
    <>
      <Button look="plain" onClick={() => setOpen(true)}>
        Export
      </Button>
      {open && (
        <Dialog title={`Read these ${kind} elsewhere`} onClose={() => setOpen(false)}>
          {search !== "" && <p>The search for “{search}” is of this page alone: the code below leaves it out.</p>}
          <h3>Python</h3>
          <Snippet code={pythonCode(asked)} what="the Python code" />
          <h3>HTTP</h3>
          <Snippet code={curlCode(asked)} what="the command" />
        </Dialog>
      )}
    </>
  );
}
