import type { ReactNode } from "react";

/** A small label; with `onRemove` it has a button that takes it away. */
export function Chip({ children, title, onRemove }: { children: ReactNode; title?: string; onRemove?: () => void }) {
  return (
    <span className="chip" title={title}>
      <span className="chip-text" dir="auto">
        {children}
      </span>
      {onRemove && (
        <button type="button" className="chip-remove" aria-label={`Remove ${title ?? ""}`.trim()} onClick={onRemove}>
          ×
        </button>
      )}
    </span>
  );
}
