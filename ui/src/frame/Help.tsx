import { Dialog } from "../parts/Dialog";
import { useCurrentShortcuts } from "../parts/keys";

const NAMES: Record<string, string> = {
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
  Escape: "Esc",
  " ": "Space",
};

/** The shortcuts that hold on this page. */
export function Help({ onClose }: { onClose: () => void }) {
  const shortcuts = useCurrentShortcuts();
  return (
    <Dialog title="Shortcuts on this page" onClose={onClose}>
      <dl className="shortcuts">
        {shortcuts.map(({ key, about }) => (
          <div key={key} className="shortcut">
            <dt>
              <kbd className="kbd">{NAMES[key] ?? key}</kbd>
            </dt>
            <dd>{about}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
