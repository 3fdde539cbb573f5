import { ACTIVITY } from "./activityCards";
import { MODELS } from "./modelCards";
import type { CardSpec } from "./view";

const ORDER = [
  ...["threads", "runs", "generations"],
  ...["errors", "runLatency", "latency"],
  ...["firstToken", "throughput", "tokens"],
  ...["cost", "scores", "tools"],
  ...["prompts", "users", "feedback"],
];

/** All cards, in the order of a browser that has chosen none. */
export const CARDS: readonly CardSpec[] = [...ACTIVITY, ...MODELS].sort(
  (one, other) => ORDER.indexOf(one.id) - ORDER.indexOf(other.id),
);
