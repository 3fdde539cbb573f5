import { useProject } from "../frame/project";
import { Button } from "../parts/Button";
import { refusal } from "../settings/rights";
import type { Doing } from "./ListPage";

interface Props {
  number: number;
  can: { tags: boolean; steps: boolean };
  onDo: (doing: Doing) => void;
  /** Shows the two that are selected side by side; absent where rows cannot be compared. */
  onCompare: (() => void) | undefined;
  onClear: () => void;
}

/** What can be done to the rows that are selected. */
export function BulkBar({ number, can, onDo, onCompare, onClear }: Props) {
  const project = useProject();
  const refused = project && refusal(project, "annotations");
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields
    <div role="group" aria-label="Selected rows" className="bulk">
      <span role="status">{number} selected</span>
      {can.tags && (
        <Button refused={refused} onClick={() => onDo("tag")}>
          Tag <kbd className="kbd">t</kbd>
        </Button>
      )}
      {can.steps && (
        <>
          <Button refused={refused} onClick={() => onDo("score")}>
            Score <kbd className="kbd">s</kbd>
          </Button>
          <Button onClick={() => onDo("dataset")}>
            Add to dataset <kbd className="kbd">d</kbd>
          </Button>
        </>
      )}
      {onCompare && (
        <Button refused={number === 2 ? undefined : "Select two to compare them."} onClick={onCompare}>
          Compare
        </Button>
      )}
      <Button look="plain" onClick={onClear}>
        Clear <kbd className="kbd">Esc</kbd>
      </Button>
    </div>
  );
}
