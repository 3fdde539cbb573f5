import { useMutation, useMutationState, useQueryClient } from "@tanstack/react-query";
import { ApiError, request } from "../api/request";
import { keep, kept, useKept } from "../parts/kept";
import { say, sayError } from "../parts/toasts";
import { showingTags, type Tag } from "./tags";

/**
 * A tag that is renamed or deleted on all that carries it.
 *
 * The server does it in portions and forgets it between them (`server/tagging.py`), so this browser keeps what is not
 * done yet: whatever becomes of the page, it can go on.
 */
export interface TagWork {
  project: string;
  tag: number;
  name: string;
  /** The name that it is to have, null: it is deleted. */
  to: string | null;
  /** How many steps and threads are done, and are not: null for too many to count. */
  changed: number;
  left: number | null;
}

interface Portion {
  changed: number;
  left: number | null;
  done: boolean;
}

const KEPT = "tags.unfinished";
const NONE: readonly TagWork[] = [];

/** The work on a tag before any of it is done; no more than `limit` steps or threads of it were counted. */
export function workOn(project: string, tag: Tag, limit: number, to: string | null): TagWork {
  const { id, name, stepCount, threadCount } = tag;
  const left = Math.max(stepCount, threadCount) < limit ? stepCount + threadCount : null;
  return { project, tag: id, name, to, changed: 0, left };
}

/** What is unfinished of a project's tags, each with whether this page is at it now. */
export function useUnfinished(project: string, tags: readonly Tag[]): { work: TagWork; running: boolean }[] {
  const [works] = useKept(KEPT, NONE);
  const running = useMutationState({
    filters: { mutationKey: key(project), status: "pending" },
    select: ({ state }) => (state.variables as TagWork).tag,
  });
  // A tag that is there no more was finished elsewhere, and its id may be that of another one by now.
  const isThere = (work: TagWork) => tags.some(({ id, name }) => id === work.tag && name === work.name);
  return works
    .filter((work) => work.project === project && isThere(work))
    .map((work) => ({ work, running: running.includes(work.tag) }));
}

/**
 * Does such work to its end, also while other pages are open.
 *
 * `onTaken` is called when the server has begun: from then on it is one of `useUnfinished` until it is done.
 */
export function useTagWork(project: string, onTaken?: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationKey: key(project),
    mutationFn: (work: TagWork) => perform(work, onTaken),
    onSuccess: (_, { name, to }) => say(to === null ? `Deleted ${name}` : `Renamed ${name} to ${to}`),
    onError: (error, work) => {
      // What was not even begun is said where it was asked for.
      if (isKept(work)) sayError(error);
    },
    onSettled: () => Promise.all(showingTags(project).map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
}

/** Leaves a work as it is. */
export function forget({ tag }: TagWork): void {
  keep(
    KEPT,
    kept(KEPT, NONE).filter((work) => work.tag !== tag),
  );
}

async function perform(work: TagWork, onTaken?: () => void): Promise<void> {
  let begun = kept(KEPT, NONE).includes(work);
  let { changed } = work;
  remember(work);
  for (;;) {
    const portion = await ask(work).catch((error: unknown) => {
      const gone = error instanceof ApiError && error.code === "NOT_FOUND";
      if (begun && !gone) throw error;
      forget(work);
      if (!begun) throw error;
      return DONE; // by somebody else
    });
    begun = true;
    changed += portion.changed;
    if (portion.done) forget(work);
    else remember({ ...work, changed, left: portion.left });
    onTaken?.();
    if (portion.done) return;
  }
}

const DONE: Portion = { changed: 0, left: 0, done: true };

function ask({ project, tag, to }: TagWork): Promise<Portion> {
  const path = `api/tags/${tag}`;
  return to === null
    ? request(path, { method: "DELETE", project })
    : request(path, { method: "PATCH", project, body: { name: to } });
}

function isKept({ tag }: TagWork): boolean {
  return kept(KEPT, NONE).some((work) => work.tag === tag);
}

function remember(work: TagWork): void {
  keep(KEPT, [...kept(KEPT, NONE).filter(({ tag }) => tag !== work.tag), work]);
}

function key(project: string): string[] {
  return ["tag-work", project];
}
