import type { ReactNode } from "react";
import "./signin.css";

/** The one box of a page outside of the frame. */
export function Card({ title, wide = false, children }: { title: string; wide?: boolean; children: ReactNode }) {
  return (
    <main className="signin">
      <section className={wide ? "signin-card signin-wide" : "signin-card"}>
        <p className="signin-brand">Literal AI</p>
        <h1>{title}</h1>
        {children}
      </section>
    </main>
  );
}
