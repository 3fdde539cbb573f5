import type { Kind as FeedKind } from "../api/live";
import type { Kind } from "./rows";

interface About {
  title: string;
  /** What of the feed of changes concerns the list. */
  feed: readonly FeedKind[];
  /** The order of the server when none is chosen, as the column that its heads name. */
  usual: string;
  /** What can be done to its rows. */
  tags: boolean;
  /** Rows are steps: they can be scored and go into a dataset. */
  steps: boolean;
}

export const ABOUT: Record<Kind, About> = {
  threads: { title: "Threads", feed: ["threads"], usual: "createdAt", tags: true, steps: false },
  runs: { title: "Runs", feed: ["steps"], usual: "startTime", tags: true, steps: true },
  generations: { title: "Generations", feed: ["steps"], usual: "startTime", tags: true, steps: true },
  steps: { title: "Steps", feed: ["steps"], usual: "startTime", tags: true, steps: true },
  scores: { title: "Scores", feed: ["scores"], usual: "createdAt", tags: false, steps: false },
  users: { title: "Users", feed: ["threads"], usual: "createdAt", tags: false, steps: false },
};
