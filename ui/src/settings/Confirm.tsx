import { type FormEvent, type ReactNode, useState } from "react";
import { Button } from "../parts/Button";
import { Dialog } from "../parts/Dialog";
import { TextField } from "../parts/TextField";

interface Props {
  title: string;
  /** What the button says: the deed itself. */
  action: string;
  /** A text that has to be typed first, for what cannot be undone. */
  typed?: string;
  busy?: boolean;
  problem?: string | undefined;
  children: ReactNode;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks before something is done that cannot be undone. */
export function Confirm({ title, action, typed, busy = false, problem, children, onConfirm, onClose }: Props) {
  const [text, setText] = useState("");
  const open = typed === undefined || text === typed;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (open) onConfirm();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form className="settings-form" onSubmit={submit}>
        {children}
        {typed !== undefined && (
          <TextField label={`Type “${typed}” to confirm`} autoComplete="off" value={text} onChange={setText} />
        )}
        {problem !== undefined && (
          <p className="field-problem" role="alert">
            {problem}
          </p>
        )}
        <div className="settings-actions">
          <Button type="submit" look="danger" disabled={busy} refused={open ? undefined : "Type the name first."}>
            {action}
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </div>
      </form>
    </Dialog>
  );
}
