import { type FormEvent, type KeyboardEvent, useState } from "react";
import { Button } from "../parts/Button";
import { Dialog } from "../parts/Dialog";
import { TagName } from "../settings/TagName";
import { useFacets } from "./facets";
import type { Kind } from "./rows";

interface Props {
  kind: Kind;
  /** How many rows. */
  number: number;
  /** The tags that some of the rows have. */
  present: string[];
  onApply: (add: string[], remove: string[]) => void;
  onClose: () => void;
}

/** Tags to give and to take; Enter takes what is typed, new or not (P-LOG-13). */
export function TagDialog({ kind, number, present, onApply, onClose }: Props) {
  const [text, setText] = useState("");
  const [add, setAdd] = useState<string[]>([]);
  const [remove, setRemove] = useState<string[]>([]);
  const known = useFacets(kind, "tags", text.trim(), 1_000);
  const give = (name: string) => {
    if (name !== "" && !add.includes(name)) setAdd([...add, name]);
    setRemove(remove.filter((one) => one !== name));
    setText("");
  };
  const all = [...add, ...(text.trim() === "" ? [] : [text.trim()])];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (all.length + remove.length > 0) onApply(all, remove);
  };
  const enter = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || text.trim() === "") return;
    event.preventDefault();
    give(text.trim());
  };
  return (
    <Dialog title={`Tags of ${number === 1 ? "1 row" : `${number} rows`}`} onClose={onClose}>
      <form className="dialog-form" onSubmit={submit}>
        <div className="chips chips-all">
          {present
            .filter((name) => !remove.includes(name) && !add.includes(name))
            .map((name) => (
              <TagName key={name} name={name} onRemove={() => setRemove([...remove, name])} />
            ))}
          {add.map((name) => (
            <TagName key={name} name={name} onRemove={() => setAdd(add.filter((one) => one !== name))} />
          ))}
        </div>
        <input
          className="input"
          aria-label="Tag"
          placeholder="A tag; Enter adds it"
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={enter}
        />
        <div className="choices">
          {known
            .filter((name) => !add.includes(name))
            .map((name) => (
              <button type="button" key={name} className="menu-item" onClick={() => give(name)}>
                <span className="cell-text" dir="auto">
                  {name}
                </span>
              </button>
            ))}
        </div>
        {remove.length > 0 && <p className="muted">Takes away: {remove.join(", ")}</p>}
        <Button
          type="submit"
          look="primary"
          refused={all.length + remove.length === 0 ? "Nothing is changed yet." : undefined}
        >
          Apply
        </Button>
      </form>
    </Dialog>
  );
}
