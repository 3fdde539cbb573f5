import { type FormEvent, useState } from "react";
import { Button } from "../parts/Button";
import { exact } from "../parts/format";
import { Menu } from "../parts/Menu";
import { TextField } from "../parts/TextField";
import { PRESETS, type Preset, useRange } from "./range";

/** The choice of the time range in the top bar. */
export function TimeRange() {
  const [range, setRange] = useRange();
  const { from, to } = range.bounds();
  const name =
    range.preset !== null
      ? PRESETS[range.preset].name
      : from === null && to === null
        ? "All time"
        : `${from === null ? "…" : exact(from)} – ${to === null ? "now" : exact(to)}`;
  return (
    <Menu label={name} name={`Time range: ${name}`}>
      {(close) => (
        <>
          {(Object.keys(PRESETS) as Preset[]).map((preset) => (
            <button
              type="button"
              key={preset}
              className="menu-item"
              aria-current={preset === range.preset}
              onClick={() => {
                setRange({ preset });
                close();
              }}
            >
              {PRESETS[preset].name}
            </button>
          ))}
          <button
            type="button"
            className="menu-item"
            onClick={() => {
              setRange({});
              close();
            }}
          >
            All time
          </button>
          <OwnRange from={from} to={to} onChosen={setRange} close={close} />
        </>
      )}
    </Menu>
  );
}

interface OwnRangeProps {
  from: string | null;
  to: string | null;
  onChosen: (range: { from?: string; to?: string }) => void;
  close: () => void;
}

function OwnRange({ from, to, onChosen, close }: OwnRangeProps) {
  const [begin, setBegin] = useState(local(from));
  const [end, setEnd] = useState(local(to));
  const backwards = begin !== "" && end !== "" && begin >= end;
  const choose = (event: FormEvent) => {
    event.preventDefault();
    if (backwards) return;
    onChosen({
      ...(begin === "" ? {} : { from: new Date(begin).toISOString() }),
      ...(end === "" ? {} : { to: new Date(end).toISOString() }),
    });
    close();
  };
  return (
    <form className="own-range" onSubmit={choose}>
      <TextField label="From" type="datetime-local" value={begin} onChange={setBegin} />
      <TextField
        label="To"
        problem={backwards ? "The end is before the beginning." : undefined}
        type="datetime-local"
        value={end}
        onChange={setEnd}
      />
      <Button type="submit">Apply</Button>
    </form>
  );
}

/** As a field of the kind `datetime-local` wants it: the reader's zone, to the minute. */
function local(iso: string | null): string {
  if (iso === null) return "";
  const time = new Date(iso);
  return new Date(time.valueOf() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
