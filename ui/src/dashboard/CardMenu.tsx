import { Glyph } from "../parts/Glyph";
import { Menu } from "../parts/Menu";
import type { CardSpec } from "./view";

export interface Placement {
  first: boolean;
  last: boolean;
  onMove: (by: number) => void;
  onHide: () => void;
}

interface MenuProps extends Placement {
  spec: CardSpec;
  table: boolean;
  onTable: (table: boolean) => void;
}

/** What can be done with a card: another form, another place, out of the way. */
export function CardMenu({ spec, table, onTable, first, last, onMove, onHide }: MenuProps) {
  const items = [
    { name: table ? "Show as a chart" : "Show as a table", run: () => onTable(!table), possible: true },
    { name: "Move before", run: () => onMove(-1), possible: !first },
    { name: "Move behind", run: () => onMove(1), possible: !last },
    { name: "Hide this card", run: onHide, possible: true },
  ];
  return (
    <Menu look="plain" label={<Glyph name="more" />} name={`${spec.title}: more`}>
      {(close) => (
        <>
          <p className="card-about">{spec.about}</p>
          {items.map(
            ({ name, run, possible }) =>
              possible && (
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
              ),
          )}
        </>
      )}
    </Menu>
  );
}
