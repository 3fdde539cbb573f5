import { Button } from "../parts/Button";
import { exact } from "../parts/format";
import type { Kind } from "./rows";
import type { List } from "./useList";

/** What stands below the rows: that more comes, that the search was given up for now, or that this is the end. */
export function ListFoot({ list, kind }: { list: List; kind: Kind }) {
  if (list.error !== null && list.rows.length > 0) {
    return (
      <p className="list-foot" role="alert">
        {list.error.message} <Button onClick={list.loadMore}>Try again</Button>
      </p>
    );
  }
  if (list.cut !== null) {
    return (
      <p className="list-foot" role="status">
        {list.cut.until === null ? "Not looked through to the end." : `Looked back until ${exact(list.cut.until)}.`}{" "}
        <Button onClick={list.loadMore} refused={list.busy ? "Looking…" : undefined}>
          Go on
        </Button>
      </p>
    );
  }
  if (list.loading || list.hasMore) return <p className="list-foot muted">Loading…</p>;
  return <p className="list-foot muted">{`These are all ${kind}.`}</p>;
}
