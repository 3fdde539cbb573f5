import type { ReactNode } from "react";

/** What a page says instead of its content: nothing here, not allowed, not found. */
export function Notice({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <section className="notice">
      <h1>{title}</h1>
      {children}
    </section>
  );
}
