import { useEffect, useRef } from "react";
import { address } from "./address";
import { type Changes, Feed, type Kind } from "./feed";
import { presence } from "./presence";
import { search } from "./request";

export type { Change, Changes, Kind } from "./feed";

/** The one of this tab. */
export const feed = new Feed(
  (project, after) => new EventSource(address("api/live") + search({ project, after: after ?? undefined })),
  presence,
);

feed.pause(document.hidden);
document.addEventListener("visibilitychange", () => feed.pause(document.hidden));

/** Follows a project while the frame shows it. `on` is the live switch. */
export function useFeed(project: string, on: boolean): void {
  useEffect(() => feed.follow(project, on), [project, on]);
  useEffect(() => () => feed.leave(), []);
}

/**
 * Calls `onChanges` with what changed on the server, a few times a second at most, while live updates are on; `"reset"`
 * asks to read anew whatever is shown.
 */
export function useChanges(kinds: readonly Kind[], onChanges: (changes: Changes) => void): void {
  const latest = useRef(onChanges);
  useEffect(() => {
    latest.current = onChanges;
  });
  const key = kinds.join();
  useEffect(() => feed.listen(key.split(",") as Kind[], (changes) => latest.current(changes)), [key]);
}
