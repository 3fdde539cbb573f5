import { BUILD } from "./address";
import { ApiError, onRefusal, request } from "./request";
import type { Session } from "./session";

/** What the page as a whole knows of its server. */
export type ServerState =
  | { kind: "here" }
  /** `retryAt` is when it is asked again, in milliseconds as of `Date.now()`. */
  | { kind: "gone"; retryAt: number }
  | { kind: "signed-out" };

const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 30_000;

/** Milliseconds before attempt `attempt` (from 0): doubled each time, a different one in each tab. */
export function waitBefore(attempt: number, random = Math.random()): number {
  return Math.min(FIRST_WAIT * 2 ** attempt, LONGEST_WAIT) * (0.5 + random / 2);
}

/**
 * Whether the server answers, and still knows who asks. Suspicions (a refused request, a broken stream) are looked into
 * by asking for the session; a server that does not answer is asked again until it does.
 */
export class Presence {
  state: ServerState = { kind: "here" };
  /** The build that the server serves, as it said last. */
  build: string | null = null;
  /** The session of the last answer in which somebody was signed in. */
  session: Session | null = null;
  private readonly listeners = new Set<() => void>();
  private readonly returns = new Set<() => void>();
  private readonly readers = new Set<(session: Session) => void>();
  private asking: Promise<void> | null = null;
  private attempt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly ask: () => Promise<Session>) {}

  /** Looks whether the server is there and the session is good; resolves once that is known. */
  suspect(): Promise<void> {
    this.asking ??= this.look().finally(() => {
      this.asking = null;
    });
    return this.asking;
  }

  /** Somebody signed in again. */
  signedIn(): void {
    if (this.state.kind !== "here") this.become({ kind: "here" });
  }

  /** The server said which build of the page it serves. */
  serves(build: string | null): void {
    if (build === this.build) return;
    this.build = build;
    this.tell();
  }

  /** Whether the server serves another build than the one that this page is of. */
  get isNewer(): boolean {
    return this.build !== null && BUILD !== "" && BUILD !== "BUILD" && this.build !== BUILD;
  }

  readonly listen = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Calls `back` whenever the server is there again, or somebody signed in again. */
  onReturn(back: () => void): () => void {
    this.returns.add(back);
    return () => this.returns.delete(back);
  }

  /** Calls `read` with each answer in which somebody is signed in: projects and roles may be others than before. */
  onSession(read: (session: Session) => void): () => void {
    this.readers.add(read);
    return () => this.readers.delete(read);
  }

  private async look(): Promise<void> {
    clearTimeout(this.timer);
    try {
      const session = await this.ask();
      this.attempt = 0;
      this.serves(session.build);
      if (session.user !== null) {
        this.session = session;
        for (const read of this.readers) read(session);
      }
      this.become(session.user === null ? { kind: "signed-out" } : { kind: "here" });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const wait = waitBefore(this.attempt++);
      this.timer = setTimeout(() => void this.suspect(), wait);
      this.become({ kind: "gone", retryAt: Date.now() + wait });
    }
  }

  private become(state: ServerState): void {
    const before = this.state.kind;
    this.state = before === state.kind && state.kind !== "gone" ? this.state : state;
    this.tell();
    if (before !== "here" && state.kind === "here") for (const back of this.returns) back();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

/** The one of this tab. */
export const presence = new Presence(() => request<Session>("api/session"));

onRefusal(() => {
  // While it is known, only the presence's own questions count: a wrong password is a refusal too.
  if (presence.state.kind === "here") void presence.suspect();
});
