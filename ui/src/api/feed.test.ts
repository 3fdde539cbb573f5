import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Changes, Feed, type Source } from "./feed";
import { Presence } from "./presence";
import { ApiError } from "./request";
import type { Session } from "./session";

// What the page reads of its document as it is loaded.
vi.hoisted(() => {
  Object.assign(globalThis, { document: { baseURI: "http://here/", querySelector: () => null } });
});

const ADA = { id: "u", name: "Ada", email: null, hasPassword: true };
const SESSION: Session = {
  serverVersion: "1",
  build: "b1",
  firstRun: false,
  user: ADA,
  csrfToken: "t",
  projects: [],
};

/** A stream that the test speaks through. */
class Fake implements Source {
  onerror: ((event: Event) => void) | null = null;
  closed = false;
  private readonly heard = new Map<string, (event: MessageEvent<string>) => void>();

  constructor(
    readonly project: string,
    readonly after: string | null,
  ) {}

  addEventListener(name: string, hear: (event: MessageEvent<string>) => void): void {
    this.heard.set(name, hear);
  }

  close(): void {
    this.closed = true;
  }

  say(name: string, data: unknown, id = ""): void {
    this.heard.get(name)?.({ data: JSON.stringify(data), lastEventId: id } as MessageEvent<string>);
  }

  breaks(): void {
    this.onerror?.({} as Event);
  }
}

let ask: () => Promise<Session>;
let streams: Fake[];
let presence: Presence;
let feed: Feed;
let told: Changes[];

const latest = () => streams.at(-1) as Fake;
const step = (id: string) => ({ kind: "step" as const, id, op: "upsert" as const });
const gone = () => Promise.reject(new ApiError(0, "GONE", "no answer"));
const wait = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

beforeEach(() => {
  vi.useFakeTimers();
  streams = [];
  told = [];
  ask = () => Promise.resolve(SESSION);
  presence = new Presence(() => ask());
  feed = new Feed((project, after) => {
    streams.push(new Fake(project, after));
    return latest();
  }, presence);
  feed.listen(["steps"], (changes) => told.push(changes));
});

afterEach(() => {
  vi.useRealTimers();
});

describe("the feed", () => {
  it("reads anew once what was read before the first stream, and tells what it hears", async () => {
    feed.follow("p", true);
    latest().say("hello", { build: "b1" }, "7");
    expect(told).toEqual([]);
    await wait(1_500);
    expect(told).toEqual(["reset"]);
    await wait(400);
    latest().say("change", [step("a"), { kind: "score", id: "s", op: "upsert", stepId: "a" }], "8");
    expect(told.slice(1)).toEqual([[step("a")]]);
  });

  it("tells the last word about each thing, a few times a second", async () => {
    feed.follow("p", true);
    latest().say("hello", {}, "7");
    await wait(2_000);
    told.length = 0;
    for (let id = 8; id < 28; id++) latest().say("change", [step("a"), step(`b${id}`)], `${id}`);
    expect(told).toEqual([[step("a"), step("b8")]]);
    await wait(400);
    expect(told.length).toBe(2);
    expect(told[1]?.length).toBe(20);
    latest().say("change", [step("c")], "28");
    latest().say("reset", {}, "29");
    await wait(400);
    expect(told.slice(2)).toEqual(["reset"]);
    await wait(5_000);
    expect(told.length).toBe(3);
  });

  it("goes on where it ended: after a break, a hidden tab, the switch", async () => {
    feed.follow("p", true);
    latest().say("hello", {}, "7");
    latest().say("change", [step("a")], "9");
    latest().breaks();
    await wait(1_000);
    expect(streams.map(({ after }) => after)).toEqual([null, "9"]);
    latest().say("hello", {}, "9");
    feed.pause(true);
    expect(latest().closed).toBe(true);
    feed.pause(false);
    feed.follow("p", false);
    expect(latest().closed).toBe(true);
    feed.follow("p", true);
    expect(streams.map(({ after }) => after)).toEqual([null, "9", "9", "9"]);
    feed.follow("another", true);
    expect([latest().project, latest().after]).toEqual(["another", null]);
  });

  it("does not hear a stream that it has left", () => {
    feed.follow("p", true);
    const first = latest();
    feed.follow("another", true);
    first.say("change", [step("a")], "9");
    first.breaks();
    expect([told, streams.length]).toEqual([[], 2]);
  });

  it("reads every few seconds where no stream comes about, and tries one now and then", async () => {
    feed.follow("p", true);
    latest().breaks();
    await wait(1_000);
    latest().breaks();
    await wait(5_000);
    expect([told, streams.length]).toEqual([["reset"], 2]);
    await wait(25_000);
    expect(streams.length).toBe(3);
    latest().say("hello", {}, "7");
    told.length = 0;
    await wait(20_000);
    expect(told).toEqual(["reset"]); // that of a first stream, and none every few seconds
  });

  it("waits for a server that is gone, and for somebody to sign in", async () => {
    feed.follow("p", true);
    latest().say("hello", { build: "b1" }, "7");
    ask = gone;
    latest().breaks();
    await wait(10_000);
    expect([presence.state.kind, streams.length]).toEqual(["gone", 1]);
    ask = () => Promise.resolve({ ...SESSION, user: null });
    await wait(30_000);
    expect([presence.state.kind, streams.length]).toEqual(["signed-out", 1]);
    presence.signedIn();
    expect(streams.map(({ after }) => after)).toEqual([null, "7"]);
  });

  it("asks who may follow when the server ends a stream", async () => {
    feed.follow("p", true);
    ask = () => Promise.resolve({ ...SESSION, user: null });
    latest().say("end", { code: "UNAUTHENTICATED" });
    await wait(60_000);
    expect([presence.state.kind, latest().closed, streams.length]).toEqual(["signed-out", true, 1]);
  });
});

describe("the presence", () => {
  it("asks once for many suspicions, later and later while nobody answers", async () => {
    let asked = 0;
    ask = () => {
      asked++;
      return gone();
    };
    for (let i = 0; i < 5; i++) void presence.suspect();
    await wait(0);
    expect(asked).toBe(1);
    await wait(120_000);
    expect(asked).toBeGreaterThanOrEqual(6);
    expect(asked).toBeLessThanOrEqual(13);
    let back = 0;
    presence.onReturn(() => back++);
    ask = () => Promise.resolve(SESSION);
    await wait(30_000);
    expect([presence.state, presence.session, back]).toEqual([{ kind: "here" }, SESSION, 1]);
  });
});
