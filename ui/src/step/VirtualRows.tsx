import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useRef } from "react";

interface Props {
  count: number;
  render: (index: number) => ReactNode;
  /** Pixels of a row before it is measured. */
  estimate: number;
  label: string;
  /** The row to be brought into view. */
  active?: number | undefined;
  className?: string;
}

/** Rows that are all there without a scroll bar of their own. */
const FEW = 200;

/** Rows of any number: a few simply stand there, many scroll in a box of which only what is seen exists. */
export function VirtualRows({ count, render, estimate, label, active, className = "" }: Props) {
  return count <= FEW ? (
    <FewRows count={count} render={render} active={active} className={className} />
  ) : (
    <ManyRows count={count} render={render} estimate={estimate} label={label} active={active} className={className} />
  );
}

function FewRows({ count, render, active, className }: Pick<Props, "count" | "render" | "active" | "className">) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (active !== undefined) box.current?.children[active]?.scrollIntoView({ block: "nearest" });
  }, [active]);
  return (
    <div ref={box} className={className}>
      {Array.from({ length: count }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other identity
        <div key={index}>{render(index)}</div>
      ))}
    </div>
  );
}

function ManyRows({ count, render, estimate, label, active, className }: Props) {
  const box = useRef<HTMLElement>(null);
  const rows = useVirtualizer({
    count,
    getScrollElement: () => box.current,
    estimateSize: () => estimate,
    overscan: 10,
  });
  useEffect(() => {
    if (active !== undefined) rows.scrollToIndex(active, { align: "center" });
  }, [active, rows]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, which needs the focus for the keyboard
    <section ref={box} className={`virtual-box ${className}`} aria-label={label} tabIndex={0}>
      <div className="virtual-space" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map((item) => (
          <div
            key={item.key}
            ref={rows.measureElement}
            data-index={item.index}
            className="virtual-row"
            style={{ transform: `translateY(${item.start}px)` }}
          >
            {render(item.index)}
          </div>
        ))}
      </div>
    </section>
  );
}
