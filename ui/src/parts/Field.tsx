import { type ReactNode, useId } from "react";

interface Props {
  label: string;
  problem?: string | undefined;
  hint?: string | undefined;
  children: (attributes: { id: string; "aria-describedby": string; "aria-invalid": boolean }) => ReactNode;
}

/** A labelled control with its hint and what is wrong with it. */
export function Field({ label, problem, hint, children }: Props) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, "aria-describedby": `${id}-more`, "aria-invalid": problem !== undefined })}
      <span id={`${id}-more`} className={problem === undefined ? "muted" : "field-problem"} role="status">
        {problem ?? hint}
      </span>
    </div>
  );
}
