import { type Presence, waitBefore } from "./presence";

export type Kind = "steps" | "threads" | "scores";

/** One thing that changed on the server; what it is now is to be asked for. */
export interface Change {
  kind: "step" | "thread" | "score";
  id: string;
  op: "upsert" | "delete";
  /** Of a step. */
  threadId?: string | null;
  rootRunId?: string | null;
  parentId?: string | null;
  type?: string | null;
  isGeneration?: boolean;
  /** Of a score. */
  stepId?: string | null;
}

/** What a listener is told: what changed, or that everything that it shows is to be read anew. */
export type Changes = readonly Change[] | "reset";

/** As much of an `EventSource` as the feed needs. */
export interface Source {
  onerror: ((event: Event) => void) | null;
  addEventListener(name: string, hear: (event: MessageEvent<string>) => void): void;
  close(): void;
}

interface Listener {
  kinds: ReadonlySet<string>;
  tell: (changes: Changes) => void;
}

/** Milliseconds between two times that listeners are told something. */
const PACE = 400;
/** Milliseconds after a first connection until what was read before it is read anew. */
const SETTLED = 1_500;
/** Milliseconds between two readings where there is no stream, and until a stream is tried again. */
const POLL = 5_000;
const STREAM_AGAIN = 30_000;
/** Attempts that end at once before the page stops waiting for a stream. */
const PATIENCE = 2;
const KINDS: Record<Kind, string> = { steps: "step", threads: "thread", scores: "score" };

/**
 * The changes of one project as the server streams them; one stream a tab, none while the tab is hidden or live
 * updates are off. It goes on where it ended, so that nothing is missed. Where no stream comes about, listeners are
 * told to read anew every few seconds.
 */
export class Feed {
  private readonly listeners = new Set<Listener>();
  private project: string | null = null;
  private on = false;
  private source: Source | null = null;
  private last: string | null = null;
  private failures = 0;
  private timers: { again?: Timer; poll?: Timer; pace?: Timer; settled?: Timer } = {};
  private waiting = new Map<string, Change>();
  private reset = false;
  private paused = false;

  constructor(
    private readonly open: (project: string, after: string | null) => Source,
    private readonly presence: Presence,
  ) {
    presence.onReturn(() => this.restart());
  }

  /** Follows `project`; `on` is the live switch. */
  follow(project: string, on: boolean): void {
    if (project === this.project && on === this.on) return;
    if (project !== this.project) this.last = null;
    this.project = project;
    this.on = on;
    this.restart();
  }

  /** Follows nothing any more. */
  leave(): void {
    this.project = null;
    this.last = null;
    this.stop();
  }

  /** Whether the tab is hidden: a browser has few connections for all of its tabs. */
  pause(paused: boolean): void {
    if (paused === this.paused) return;
    this.paused = paused;
    this.restart();
  }

  listen(kinds: readonly Kind[], tell: (changes: Changes) => void): () => void {
    const listener = { kinds: new Set(kinds.map((kind) => KINDS[kind])), tell };
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private restart(): void {
    this.stop();
    this.failures = 0;
    this.connect();
  }

  private stop(): void {
    this.source?.close();
    this.source = null;
    for (const timer of Object.values(this.timers)) clearTimeout(timer);
    this.timers = {};
    this.waiting.clear();
    this.reset = false;
  }

  private connect(): void {
    if (this.project === null || !this.on || this.paused || this.presence.state.kind !== "here") return;
    const fresh = this.last === null;
    const source = this.open(this.project, this.last);
    this.source = source;
    const hear = (name: string, heard: (data: string) => void) =>
      source.addEventListener(name, (event) => {
        if (source !== this.source) return;
        if (event.lastEventId !== "") this.last = event.lastEventId;
        heard(event.data);
      });
    hear("hello", (data) => {
      this.failures = 0;
      clearTimeout(this.timers.poll);
      this.presence.serves((JSON.parse(data) as { build: string | null }).build);
      // What was read before the stream began may have changed in between.
      if (fresh) this.timers.settled = setTimeout(() => this.hear("reset"), SETTLED);
    });
    hear("change", (data) => this.hear(JSON.parse(data) as Change[]));
    hear("reset", () => this.hear("reset"));
    hear("end", () => this.failed(source));
    source.onerror = () => this.failed(source);
  }

  /** The stream broke, or did not come about; browsers do not say why, so the server is asked. */
  private async failed(source: Source): Promise<void> {
    if (source !== this.source) return;
    source.close();
    await this.presence.suspect();
    if (source !== this.source || this.presence.state.kind !== "here") return;
    const attempt = this.failures++;
    if (this.failures >= PATIENCE) this.poll();
    const wait = this.failures >= PATIENCE ? STREAM_AGAIN : waitBefore(attempt);
    clearTimeout(this.timers.again);
    this.timers.again = setTimeout(() => this.connect(), wait);
  }

  private poll(): void {
    clearTimeout(this.timers.poll);
    this.timers.poll = setTimeout(() => {
      this.hear("reset");
      this.poll();
    }, POLL);
  }

  private hear(changes: Changes): void {
    if (changes === "reset") this.reset = true;
    else for (const change of changes) this.waiting.set(`${change.kind} ${change.id}`, change);
    if (this.timers.pace === undefined) this.tell();
  }

  /** Tells what waits, and then waits itself: a busy server must not make the page ask without a pause. */
  private tell(): void {
    this.timers.pace = undefined;
    const changes = [...this.waiting.values()];
    const reset = this.reset;
    this.waiting.clear();
    this.reset = false;
    if (changes.length === 0 && !reset) return;
    this.timers.pace = setTimeout(() => this.tell(), PACE);
    for (const listener of [...this.listeners]) {
      const own = changes.filter((change) => listener.kinds.has(change.kind));
      if (reset) listener.tell("reset");
      else if (own.length > 0) listener.tell(own);
    }
  }
}

type Timer = ReturnType<typeof setTimeout> | undefined;
