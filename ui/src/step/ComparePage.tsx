import { Link, useSearch } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { Crumbs } from "../frame/Crumbs";
import { useProjectId } from "../frame/project";
import { frameSearch } from "../frame/range";
import { Button } from "../parts/Button";
import { count } from "../parts/format";
import { Notice } from "../parts/Notice";
import { StepGlyph } from "../parts/StepGlyph";
import { stepName } from "../parts/stepName";
import { contentOf } from "./content";
import { generationFacts, settingFacts } from "./facts";
import { lineDiff } from "./lineDiff";
import { linesOfContent } from "./plainContent";
import { useStep } from "./query";
import { type PairRow, sideBySide } from "./sideBySide";
import type { WholeStep } from "./types";
import { VirtualRows } from "./VirtualRows";
import "./compare.css";
import "./content.css";

const LINE_PIXELS = 19;

/** Two generations side by side: settings, tokens and cost as a table, messages line by line (P-LOG-10). */
export function ComparePage() {
  const { a, b } = useSearch({ strict: false });
  const first = useStep(a);
  const second = useStep(b);
  if (a === undefined || b === undefined) {
    return (
      <Notice title="Nothing to compare">
        <p>Open a generation and choose Compare, then do the same with another one.</p>
      </Notice>
    );
  }
  const error = first.error ?? second.error;
  if (error !== null && (first.data === undefined || second.data === undefined)) {
    return (
      <Notice title="One of the two could not be read">
        <p role="alert">{error.message}</p>
      </Notice>
    );
  }
  if (first.data === undefined || second.data === undefined) return <div aria-busy="true" />;
  return <Comparison first={first.data} second={second.data} />;
}

function Comparison({ first, second }: { first: WholeStep; second: WholeStep }) {
  return (
    <div className="compare">
      <div className="compare-head">
        <Crumbs area="generations" />
        <h1>Compare</h1>
      </div>
      <table className="compare-table">
        <thead>
          <tr>
            <th scope="col">
              <span className="hidden-visually">What</span>
            </th>
            <StepName step={first} />
            <StepName step={second} />
          </tr>
        </thead>
        <tbody>
          {factRows(first, second).map(({ name, values: [one, other] }) => (
            <tr key={name} className={one === other ? "" : "compare-differs"}>
              <th scope="row">{name}</th>
              <td dir="auto">{one ?? "–"}</td>
              <td dir="auto">
                {other ?? "–"}
                {one !== other && <span className="hidden-visually"> (differs)</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <Difference title="Input" first={first} second={second} side="input" />
      <Difference title="Output" first={first} second={second} side="output" />
    </div>
  );
}

function StepName({ step }: { step: WholeStep }) {
  const project = useProjectId();
  return (
    <th scope="col">
      <StepGlyph type={step.type} />{" "}
      <Link
        to="/p/$project/generations/$id"
        params={{ project, id: step.id }}
        search={(before) => frameSearch(before as Record<string, unknown>)}
        dir="auto"
      >
        {stepName({ ...step, model: step.generation?.model ?? null })}
      </Link>
    </th>
  );
}

interface FactRow {
  name: string;
  values: [string | undefined, string | undefined];
}

function factRows(first: WholeStep, second: WholeStep): FactRow[] {
  const [one, other] = [first, second].map(
    (step) =>
      new Map(
        [...generationFacts(step), ...settingFacts(step.generation?.settings ?? null)].map(({ name, value }) => [
          name,
          value,
        ]),
      ),
  );
  const names = new Set([...(one?.keys() ?? []), ...(other?.keys() ?? [])]);
  return [...names].map((name) => ({ name, values: [one?.get(name), other?.get(name)] }));
}

interface DifferenceProps {
  title: string;
  first: WholeStep;
  second: WholeStep;
  side: "input" | "output";
}

function Difference({ title, first, second, side }: DifferenceProps) {
  const [isWhole, setWhole] = useState(false);
  const lines = useMemo(
    () => lineDiff(linesOfContent(contentOf(first, side)), linesOfContent(contentOf(second, side))),
    [first, second, side],
  );
  const rows = useMemo(() => sideBySide(lines, isWhole), [lines, isWhole]);
  const isSame = lines.every(({ kind }) => kind === "same");
  return (
    <section aria-label={title}>
      <div className="compare-side">
        <h2>
          {title} {isSame && <span className="muted">the same</span>}
        </h2>
        <Button look="plain" aria-pressed={isWhole} onClick={() => setWhole(!isWhole)}>
          Equal lines
        </Button>
      </div>
      <VirtualRows
        className="diff"
        label={title}
        count={rows.length}
        estimate={LINE_PIXELS}
        render={(index) => {
          const row = rows[index];
          return row === undefined ? null : <DifferenceRow row={row} />;
        }}
      />
    </section>
  );
}

function DifferenceRow({ row }: { row: PairRow }) {
  switch (row.kind) {
    case "equal":
      return <p className="diff-equal muted">{count(row.count)} equal lines</p>;
    case "same":
      return (
        <div className="diff-row">
          <Line text={row.text} />
          <Line text={row.text} isRepeated />
        </div>
      );
    case "differs":
      return (
        <div className="diff-row">
          <Line text={row.first} look="first" />
          <Line text={row.second} look="second" />
        </div>
      );
  }
}

interface LineProps {
  text: string | null;
  look?: "first" | "second";
  /** What stands on both sides is read out once. */
  isRepeated?: boolean;
}

function Line({ text, look, isRepeated = false }: LineProps) {
  if (text === null) return <div className="diff-line diff-nothing" />;
  return (
    <div className={look === undefined ? "diff-line" : `diff-line diff-${look}`} aria-hidden={isRepeated}>
      <span className="diff-sign" aria-hidden="true">
        {look === undefined ? " " : look === "first" ? "−" : "+"}
      </span>
      {look !== undefined && <span className="hidden-visually">only in the {look}: </span>}
      <span dir="auto">{text || "\u00a0"}</span>
    </div>
  );
}
