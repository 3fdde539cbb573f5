import { type KeyboardEvent, type PointerEvent, useRef } from "react";

interface Props {
  /** Name of the part whose width it sets, for readers of the screen. */
  name: string;
  width: number;
  least: number;
  most: number;
  /** Whether the part is on the right of the splitter, and so grows to the left. */
  right?: boolean;
  onWidth: (width: number) => void;
}

const STEP = 16;

/** A line between two panes that is moved by pointer and by arrow keys. */
export function Splitter({ name, width, least, most, right = false, onWidth }: Props) {
  const from = useRef<{ x: number; width: number } | null>(null);
  const set = (wanted: number) => onWidth(Math.round(Math.min(most, Math.max(least, wanted))));
  const grow = right ? -1 : 1;
  const onPointerDown = (event: PointerEvent<HTMLDivElement>) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    from.current = { x: event.clientX, width };
  };
  const onPointerMove = (event: PointerEvent) => {
    if (from.current !== null) set(from.current.width + grow * (event.clientX - from.current.x));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const moved = event.key === "ArrowRight" ? STEP : event.key === "ArrowLeft" ? -STEP : 0;
    if (moved === 0) return;
    event.preventDefault();
    set(width + grow * moved);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a rule that can be moved is a separator with a value, which hr is not
    <div
      className="splitter"
      role="separator"
      aria-orientation="vertical"
      aria-label={`Width of the ${name}`}
      aria-valuenow={width}
      aria-valuemin={least}
      aria-valuemax={most}
      tabIndex={0}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={() => {
        from.current = null;
      }}
      onKeyDown={onKeyDown}
    />
  );
}
