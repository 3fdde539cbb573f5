import { type ReactNode, useId, useLayoutEffect, useRef } from "react";
import { Button } from "./Button";

/** A modal dialog. The browser keeps the focus in it and gives it back; Escape calls `onClose`. */
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  // Closed before it leaves the document: only then the browser gives the focus back.
  useLayoutEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    // The browser would choose the button that closes it.
    shown?.querySelector<HTMLElement>(".dialog-body :is(input, select, textarea)")?.focus();
    return () => shown?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className="dialog"
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div className="dialog-head">
        <h2 id={id}>{title}</h2>
        <Button look="plain" aria-label="Close" onClick={onClose}>
          ×
        </Button>
      </div>
      <div className="dialog-body">{children}</div>
    </dialog>
  );
}
