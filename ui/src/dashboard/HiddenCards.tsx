import { Button } from "../parts/Button";
import { Menu } from "../parts/Menu";
import type { CardSpec } from "./view";

interface Props {
  cards: readonly CardSpec[];
  /** Whether the layout is another than the usual one. */
  changed: boolean;
  onShow: (id: string) => void;
  onReset: () => void;
}

/** A button of the toolbar that brings hidden cards back, and the usual layout. */
export function HiddenCards({ cards, changed, onShow, onReset }: Props) {
  if (!changed) return null;
  if (cards.length === 0) {
    return (
      <Button look="plain" onClick={onReset}>
        Reset layout
      </Button>
    );
  }
  const items = [
    ...cards.map(({ id, title }) => ({ name: `Show ${title}`, run: () => onShow(id) })),
    { name: "Reset layout", run: onReset },
  ];
  return (
    <Menu look="plain" label={`${cards.length} hidden`} name="Hidden cards">
      {(close) =>
        items.map(({ name, run }) => (
          <button
            type="button"
            key={name}
            className="menu-item"
            onClick={() => {
              close();
              run();
            }}
          >
            {name}
          </button>
        ))
      }
    </Menu>
  );
}
