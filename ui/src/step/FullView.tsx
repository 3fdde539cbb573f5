import type { ReactNode } from "react";
import { Dialog } from "../parts/Dialog";

/** Something over the whole screen; Escape closes it. */
export function FullView({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  return (
    <Dialog title={title} onClose={onClose}>
      <div className="full-view">{children}</div>
    </Dialog>
  );
}
