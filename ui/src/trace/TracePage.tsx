import { useEffect, useMemo, useState } from "react";
import { ApiError } from "../api/request";
import { Crumbs } from "../frame/Crumbs";
import { Failure } from "../frame/Failure";
import { Deleted } from "../frame/states/Deleted";
import { count } from "../parts/format";
import { InList, type Kind } from "./InList";
import { useTrace, type Way } from "./query";
import { TraceBody } from "./TraceBody";
import { TraceHead } from "./TraceHead";
import { totalsOf } from "./totals";
import { buildTree } from "./tree";
import { useLiveTrace } from "./useLiveTrace";
import "./trace.css";

const WORDS = { threads: "thread", runs: "run", generations: "generation", steps: "step" } as const;

/** Milliseconds between two looks at the clock while bars of what is in flight grow, in traces up to a size. */
const TICK = 2_000;
const MOST_TICKING = 5_000;

/** The page of a thread, of a run, or of the run that a step is in. */
export function TracePage({ kind, way, id }: { kind: Kind; way: Way; id: string }) {
  const { data, error, refetch } = useTrace(way, id);
  useLiveTrace(way, id, data);
  const [now, setNow] = useState(0);
  const trace = useMemo(
    () => (data === undefined || now <= data.readAt ? data : { ...data, readAt: now }),
    [data, now],
  );
  const tree = useMemo(() => (trace === undefined ? undefined : buildTree(trace)), [trace]);
  const totals = useMemo(() => (tree === undefined ? undefined : totalsOf(tree)), [tree]);
  const ticking = totals?.inFlight === true && totals.steps <= MOST_TICKING;
  useEffect(() => {
    if (!ticking) return;
    const timer = window.setInterval(() => !document.hidden && setNow(Date.now() * 1_000), TICK);
    return () => window.clearInterval(timer);
  }, [ticking]);
  // What was read stays in sight when reading it again fails; the frame says that the server is gone.
  if (error !== null && trace === undefined) return <Failure error={error} reset={() => void refetch()} />;
  if (error instanceof ApiError && error.code === "NOT_FOUND") return <Deleted kind={WORDS[kind]} />;
  if (trace === undefined || tree === undefined || totals === undefined) {
    return (
      <div className="trace-loading muted" role="status">
        Loading the trace …
      </div>
    );
  }
  return (
    <div className="trace">
      <TraceHead trace={trace} tree={tree} totals={totals} way={way}>
        <Crumbs area={kind} />
        <InList kind={kind} id={id} />
      </TraceHead>
      {trace.cut && (
        <p className="trace-cut" role="status">
          Only the first {count(trace.rows.length)} steps are shown: there are more.
        </p>
      )}
      <TraceBody tree={tree} kind={kind} way={way} id={id} />
    </div>
  );
}
