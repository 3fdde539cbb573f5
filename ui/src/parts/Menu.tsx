import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { Button } from "./Button";

interface Props {
  label: ReactNode;
  /** Name for readers of the screen where `label` is a picture. */
  name?: string;
  look?: "normal" | "plain";
  /** The items: elements with the class `menu-item`. `close` closes the menu. */
  children: (close: () => void) => ReactNode;
}

/** A button that opens a menu below itself; arrow keys walk through the items. */
export function Menu({ label, name, look = "normal", children }: Props) {
  const [open, setOpen] = useState(false);
  const popover = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLSpanElement>(null);
  const id = useId();
  useEffect(() => {
    const shown = popover.current;
    if (!open || shown === null || button.current === null) return;
    shown.showPopover();
    const place = button.current.getBoundingClientRect();
    const left = Math.max(8, Math.min(place.left, window.innerWidth - shown.offsetWidth - 8));
    const below = place.bottom + shown.offsetHeight + 8 <= window.innerHeight;
    shown.style.left = `${left}px`;
    shown.style.top = `${below ? place.bottom : Math.max(8, place.top - shown.offsetHeight - 4)}px`;
    shown.querySelector<HTMLElement>(".menu-item, input, select")?.focus();
  }, [open]);
  const walk = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const items = [...(popover.current?.querySelectorAll<HTMLElement>(".menu-item") ?? [])];
    const at = items.indexOf(document.activeElement as HTMLElement);
    items.at((at + step) % items.length)?.focus();
  };
  const close = () => {
    setOpen(false);
    button.current?.querySelector("button")?.focus();
  };
  return (
    <>
      <span ref={button}>
        <Button
          look={look}
          aria-label={name}
          aria-haspopup="true"
          aria-expanded={open}
          aria-controls={id}
          onClick={() => setOpen(!open)}
        >
          {label}
        </Button>
      </span>
      {open && (
        // biome-ignore lint/a11y/noStaticElementInteractions: the items have the roles, this hears their arrow keys
        <div
          ref={popover}
          id={id}
          popover="auto"
          className="menu"
          onKeyDown={walk}
          onToggle={(event) => {
            if (event.newState === "closed") setOpen(false);
          }}
        >
          {children(close)}
        </div>
      )}
    </>
  );
}
