import { useVirtualizer } from "@tanstack/react-virtual";
import { createContext, useContext, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { Message } from "./message";
import { PartView } from "./PartView";

/** What scrolls around the messages, where something does. */
export const Scroller = createContext<HTMLElement | null>(null);

/** Messages that are all there, whether seen or not. */
const FEW = 60;
const MESSAGE_PIXELS = 90;

/** Messages as a chat, of any number. Tool results name the calls that they answer. */
export function Messages({ messages, label = "Messages" }: { messages: readonly Message[]; label?: string }) {
  const calls = useMemo(() => callsById(messages), [messages]);
  if (messages.length <= FEW) {
    return (
      <ol className="messages" aria-label={label}>
        {messages.map((message, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: messages have no identity but their place
          <li key={index}>
            <MessageView message={message} calls={calls} />
          </li>
        ))}
      </ol>
    );
  }
  return <ManyMessages messages={messages} calls={calls} label={label} />;
}

interface ManyProps {
  messages: readonly Message[];
  calls: ReadonlyMap<string, string>;
  label: string;
}

function ManyMessages({ messages, calls, label }: ManyProps) {
  const around = useContext(Scroller);
  const own = useRef<HTMLElement>(null);
  const list = useRef<HTMLOListElement>(null);
  const [margin, setMargin] = useState(0);
  useLayoutEffect(() => {
    if (around === null || list.current === null) return;
    const top = list.current.getBoundingClientRect().top - around.getBoundingClientRect().top + around.scrollTop;
    setMargin((before) => (Math.abs(before - top) > 1 ? top : before));
  });
  const rows = useVirtualizer({
    count: messages.length,
    getScrollElement: () => around ?? own.current,
    estimateSize: () => MESSAGE_PIXELS,
    overscan: 6,
    scrollMargin: around === null ? 0 : margin,
  });
  const chat = (
    <ol ref={list} className="messages virtual-space" aria-label={label} style={{ height: rows.getTotalSize() }}>
      {rows.getVirtualItems().map((item) => {
        const message = messages[item.index];
        return (
          <li
            key={item.key}
            ref={rows.measureElement}
            data-index={item.index}
            className="virtual-row"
            aria-posinset={item.index + 1}
            aria-setsize={messages.length}
            style={{ transform: `translateY(${item.start - rows.options.scrollMargin}px)` }}
          >
            {message !== undefined && <MessageView message={message} calls={calls} number={item.index + 1} />}
          </li>
        );
      })}
    </ol>
  );
  if (around !== null) return chat;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, which needs the focus for the keyboard
    <section ref={own} className="virtual-box" aria-label={label} tabIndex={0}>
      {chat}
    </section>
  );
}

interface MessageProps {
  message: Message;
  calls: ReadonlyMap<string, string>;
  number?: number;
}

function MessageView({ message, calls, number }: MessageProps) {
  return (
    <article className={`message message-${roleClass(message.role)}`}>
      <header className="message-head">
        <span className="message-role">{message.role}</span>
        {message.name !== null && (
          <span className="muted" dir="auto">
            {message.name}
          </span>
        )}
        {number !== undefined && <span className="muted message-number">{number}</span>}
      </header>
      {message.parts.length === 0 && <p className="muted">empty</p>}
      {message.parts.map((part, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: parts have no identity but their place
        <PartView key={index} part={part} calls={calls} />
      ))}
    </article>
  );
}

const KNOWN_ROLES = new Set(["system", "user", "assistant", "tool"]);

function roleClass(role: string): string {
  return KNOWN_ROLES.has(role) ? role : "other";
}

/** Id of a call -> name of the tool. */
function callsById(messages: readonly Message[]): Map<string, string> {
  const calls = new Map<string, string>();
  for (const { parts } of messages) {
    for (const part of parts) if (part.kind === "call" && part.id !== null) calls.set(part.id, part.name);
  }
  return calls;
}
