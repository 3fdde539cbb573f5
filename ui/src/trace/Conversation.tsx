import { useVirtualizer } from "@tanstack/react-virtual";
import { type UIEvent, useCallback, useEffect, useMemo, useRef } from "react";
import { Notice } from "../parts/Notice";
import { TurnView } from "./TurnView";
import type { Node, Tree } from "./tree";
import { type Turn, turnsOf } from "./turns";
import "./conversation.css";

/** A guess, until a turn was measured. */
const HEIGHT: Record<Turn["kind"], number> = { message: 84, work: 40 };

/** Pixels from its end at which a conversation counts as read to the end. */
const NEAR = 40;

/** The thread as it was talked; only the turns in sight exist, and only these are read. */
export function Conversation({ tree, onOpen }: { tree: Tree; onOpen: (node: Node) => void }) {
  const turns = useMemo(() => turnsOf(tree), [tree]);
  const scroller = useRef<HTMLDivElement>(null);
  const atEnd = useRef(false);
  const list = useVirtualizer({
    count: turns.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => HEIGHT[turns[index]?.kind ?? "message"],
    overscan: 6,
    getItemKey: useCallback((index: number) => turns[index]?.node.id ?? index, [turns]),
  });
  // Who reads the newest turn goes on reading the newest; who reads above is left alone.
  const last = useRef(turns.length);
  useEffect(() => {
    const more = turns.length > last.current;
    last.current = turns.length;
    if (more && atEnd.current) list.scrollToIndex(turns.length - 1, { align: "end" });
  }, [turns, list]);
  const onScroll = ({ currentTarget }: UIEvent<HTMLElement>) => {
    const { scrollHeight, scrollTop, clientHeight } = currentTarget;
    atEnd.current = scrollHeight - scrollTop - clientHeight < NEAR;
  };
  if (turns.length === 0) {
    return (
      <Notice title="Nothing was said in this thread yet">
        <p>Its messages and runs appear here as they arrive.</p>
      </Notice>
    );
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, which needs the focus for the keyboard
    <section className="conversation" ref={scroller} tabIndex={0} aria-label="Conversation" onScroll={onScroll}>
      <ol className="turns" style={{ height: `${list.getTotalSize()}px` }}>
        {list.getVirtualItems().map(({ index, key, start }) => {
          const turn = turns[index];
          return (
            turn !== undefined && (
              <li
                key={key}
                ref={list.measureElement}
                data-index={index}
                className="turn"
                aria-posinset={index + 1}
                aria-setsize={turns.length}
                style={{ transform: `translateY(${start}px)` }}
              >
                <TurnView turn={turn} onOpen={onOpen} />
              </li>
            )
          );
        })}
      </ol>
    </section>
  );
}
