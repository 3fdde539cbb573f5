import { Button } from "../parts/Button";
import { count } from "../parts/format";
import { forget, type TagWork, useTagWork } from "./tagWork";
import "./tags.css";

interface Props {
  work: TagWork;
  running: boolean;
  /** How many of each kind are counted at most. */
  limit: number;
}

/** How far the renaming or deletion of a tag is; the way on where this page is not at it. */
export function TagProgress({ work, running, limit }: Props) {
  const goOn = useTagWork(work.project);
  const { name, to, changed, left } = work;
  const deed = to === null ? `Deleting “${name}”` : `Renaming “${name}” to “${to}”`;
  const all = left === null ? `more than ${count(changed + limit)}` : count(changed + left);
  return (
    <section className="tag-progress" aria-label={deed}>
      <span dir="auto">
        {deed}
        {running ? ": " : " stands unfinished: "}
        {count(changed)} of {all} done
      </span>
      {left !== null && (
        <progress className="tag-progress-bar" aria-label={deed} value={changed} max={Math.max(changed + left, 1)} />
      )}
      {!running && (
        <>
          <Button onClick={() => goOn.mutate(work)}>Go on</Button>
          <Button look="plain" onClick={() => forget(work)}>
            Leave it so
          </Button>
        </>
      )}
    </section>
  );
}
