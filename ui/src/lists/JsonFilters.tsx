import { type FormEvent, useState } from "react";
import { request } from "../api/request";
import { useProjectId } from "../frame/project";
import { Button } from "../parts/Button";
import { Dialog } from "../parts/Dialog";
import { Field } from "../parts/Field";
import { JsonEditor } from "../parts/JsonEditor";
import { type Filter, parseFilters } from "./filter";
import type { Kind } from "./rows";

interface Props {
  kind: Kind;
  filters: Filter[];
  onApply: (filters: Filter[]) => void;
  onClose: () => void;
}

/** The filters as the JSON that the API and the SDK take; the server says what is wrong with them. */
export function JsonFilters({ kind, filters, onApply, onClose }: Props) {
  const project = useProjectId();
  const [text, setText] = useState(() => JSON.stringify(filters, null, 2));
  const [problem, setProblem] = useState<string>();
  const apply = async (event: FormEvent) => {
    event.preventDefault();
    try {
      const next = parseFilters(text);
      await request(`api/logs/${kind}`, { project, query: { first: 0, filters: JSON.stringify(next) } });
      onApply(next);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <Dialog title={`Filters of ${kind} as JSON`} onClose={onClose}>
      <form className="dialog-form" onSubmit={apply}>
        <Field label="Filters" hint="A list of {field, operator, value, path?}; all of them hold." problem={problem}>
          {(attributes) => (
            <JsonEditor
              attributes={{
                "aria-label": "Filters",
                "aria-describedby": attributes["aria-describedby"],
                "aria-invalid": String(attributes["aria-invalid"]),
              }}
              text={text}
              onChange={(next) => {
                setText(next);
                setProblem(undefined);
              }}
            />
          )}
        </Field>
        <Button type="submit" look="primary">
          Apply
        </Button>
      </form>
    </Dialog>
  );
}
