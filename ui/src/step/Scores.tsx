import { type RefObject, useState } from "react";
import { useProject } from "../frame/project";
import { Button } from "../parts/Button";
import { Glyph } from "../parts/Glyph";
import { refusal } from "../settings/rights";
import { useRescoring, useUnscoring } from "./change";
import { ScoreForm } from "./ScoreForm";
import type { Score, WholeStep } from "./types";

const WHO: Record<Score["type"], string> = { HUMAN: "by a person", CODE: "by code", AI: "by a model" };

interface Props {
  step: WholeStep;
  isAdding: boolean;
  onAdding: (isAdding: boolean) => void;
  button: RefObject<HTMLDivElement | null>;
}

/** The scores of a step: add, change, delete (P-LOG-13, P-LOG-14). */
export function Scores({ step, isAdding, onAdding, button }: Props) {
  const project = useProject();
  const refused = project === undefined ? undefined : refusal(project, "annotations");
  return (
    <section className="scores" aria-label="Scores" ref={button}>
      {step.scores.map((score) => (
        <ScoreRow key={score.id} step={step} score={score} refused={refused} />
      ))}
      {isAdding ? (
        <ScoreForm step={step} onDone={() => onAdding(false)} />
      ) : (
        <Button look="plain" refused={refused} onClick={() => onAdding(true)}>
          <Glyph name="scores" /> Score
        </Button>
      )}
    </section>
  );
}

function ScoreRow({ step, score, refused }: { step: WholeStep; score: Score; refused: string | undefined }) {
  const [isChanging, setChanging] = useState(false);
  const unscore = useUnscoring(step);
  const by = score.createdBy ?? score.scorer;
  return (
    <div className="score">
      <span className="score-name" dir="auto">
        {score.name}
      </span>
      <span className="score-value">{score.label ?? score.value}</span>
      {score.label !== null && <span className="muted">{score.value}</span>}
      <span className="muted score-by" dir="auto" title={by ?? undefined}>
        {WHO[score.type]}
        {by === null ? "" : `: ${by}`}
      </span>
      {refused === undefined && (
        <span className="score-actions">
          <Button look="plain" aria-label={`Change the score ${score.name}`} onClick={() => setChanging(!isChanging)}>
            Change
          </Button>
          <button
            type="button"
            className="chip-remove"
            aria-label={`Delete the score ${score.name}`}
            onClick={() => unscore.mutate(score.id)}
          >
            ×
          </button>
        </span>
      )}
      {score.comment !== null && score.comment !== "" && (
        <span className="score-comment muted" dir="auto">
          {score.comment}
        </span>
      )}
      {isChanging && <ScoreChange step={step} score={score} onDone={() => setChanging(false)} />}
    </div>
  );
}

function ScoreChange({ step, score, onDone }: { step: WholeStep; score: Score; onDone: () => void }) {
  const rescore = useRescoring(step);
  const [value, setValue] = useState(String(score.value ?? ""));
  const [comment, setComment] = useState(score.comment ?? "");
  const number = Number(value);
  const isWrong = value.trim() === "" || !Number.isFinite(number);
  return (
    <form
      className="score-form"
      aria-label={`Change the score ${score.name}`}
      onSubmit={(event) => {
        event.preventDefault();
        if (!isWrong) rescore.mutate({ id: score.id, value: number, comment }, { onSuccess: onDone });
      }}
    >
      <input
        className="input score-number"
        aria-label="Value"
        aria-invalid={isWrong}
        inputMode="decimal"
        value={value}
        onChange={(event) => setValue(event.target.value)}
      />
      <input
        className="input"
        aria-label="Comment"
        placeholder="Comment"
        value={comment}
        onChange={(event) => setComment(event.target.value)}
      />
      <Button type="submit" look="primary">
        Save
      </Button>
      <Button onClick={onDone}>Cancel</Button>
    </form>
  );
}
