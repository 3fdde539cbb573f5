import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type FormEvent, useDeferredValue, useState } from "react";
import { graphql } from "../api/graphql";
import type { Project } from "../api/session";
import { Button } from "../parts/Button";
import { Dialog } from "../parts/Dialog";
import { TextField } from "../parts/TextField";
import { useChange } from "./change";
import { modelsQuery, type PriceRule } from "./prices";

const CREATE = `mutation($pattern: String!, $inputPrice: Float!, $outputPrice: Float!, $startsAt: DateTime, $endsAt: DateTime) {
  createModelPrice(pattern: $pattern, inputPrice: $inputPrice, outputPrice: $outputPrice, startsAt: $startsAt, endsAt: $endsAt) { id } }`;
const UPDATE = `mutation($id: String!, $pattern: String, $inputPrice: Float, $outputPrice: Float, $startsAt: DateTime, $endsAt: DateTime) {
  updateModelPrice(id: $id, pattern: $pattern, inputPrice: $inputPrice, outputPrice: $outputPrice, startsAt: $startsAt, endsAt: $endsAt) { id } }`;

interface Props {
  project: Project;
  /** The rule to change, null for a new one. */
  rule: PriceRule | null;
  onClose: () => void;
}

/** A price rule: which models, what they cost, and from when until when. */
export function PriceForm({ project, rule, onClose }: Props) {
  const [pattern, setPattern] = useState(rule?.pattern ?? "");
  const [input, setInput] = useState(rule === null ? "" : String(rule.inputPrice));
  const [output, setOutput] = useState(rule === null ? "" : String(rule.outputPrice));
  const [from, setFrom] = useState(day(rule?.startsAt));
  const [until, setUntil] = useState(day(rule?.endsAt));
  const save = useChange(
    () =>
      graphql(project.id, rule === null ? CREATE : UPDATE, {
        ...(rule === null ? {} : { id: rule.id }),
        pattern,
        inputPrice: Number(input),
        outputPrice: Number(output),
        startsAt: moment(from, rule?.startsAt),
        endsAt: moment(until, rule?.endsAt),
      }),
    { renews: [["prices", project.id]], said: () => `Saved the rule ${pattern}`, problem: "inline" },
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(undefined, { onSuccess: onClose });
  };
  return (
    <Dialog title={rule === null ? "New price rule" : `The rule “${rule.pattern}”`} onClose={onClose}>
      <form className="settings-form" onSubmit={submit}>
        <TextField
          label="Pattern"
          hint="A regular expression for the whole name of the model: gpt-4o.*"
          className="mono"
          required
          spellCheck={false}
          value={pattern}
          onChange={setPattern}
        />
        <Matches project={project} pattern={useDeferredValue(pattern)} />
        <div className="settings-pair">
          <Amount label="Input, $ per million tokens" value={input} onChange={setInput} />
          <Amount label="Output, $ per million tokens" value={output} onChange={setOutput} />
          <TextField label="From" hint="Empty: always." type="date" value={from} onChange={setFrom} />
          <TextField label="Until" hint="Empty: open." type="date" value={until} onChange={setUntil} />
        </div>
        {save.error !== null && (
          <p className="field-problem" role="alert">
            {save.error.message}
          </p>
        )}
        <Button type="submit" look="primary" disabled={save.isPending}>
          Save
        </Button>
      </form>
    </Dialog>
  );
}

/** Which models of the project the pattern stands for, as the server sees it. */
function Matches({ project, pattern }: { project: Project; pattern: string }) {
  const { data, error } = useQuery({
    ...modelsQuery(project.id, pattern),
    enabled: pattern !== "",
    placeholderData: keepPreviousData,
  });
  if (pattern === "") return null;
  if (error !== null) {
    return (
      <p className="field-problem" role="status">
        {error.message}
      </p>
    );
  }
  const matched = data?.filter((model) => model.matched) ?? [];
  if (data === undefined || data.length === 0) return null;
  return (
    <p className="muted" role="status">
      {matched.length === 0
        ? "Stands for no model that this project has used."
        : `Stands for ${matched.map(({ model }) => model).join(", ")}.`}
    </p>
  );
}

interface InputProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
}

function Amount({ label, value, onChange }: InputProps) {
  return <TextField label={label} type="number" min="0" step="any" required value={value} onChange={onChange} />;
}

/** The day of a time in UTC, as fields of the kind `date` want it. */
function day(iso: string | null | undefined): string {
  return iso?.slice(0, 10) ?? "";
}

/** The time of a day's beginning in UTC; a day that was not touched keeps its time. */
function moment(chosen: string, before: string | null | undefined): string | null {
  if (chosen === "") return null;
  return chosen === day(before) && before !== null && before !== undefined ? before : `${chosen}T00:00:00.000Z`;
}
