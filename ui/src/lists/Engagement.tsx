import { useNavigate, useSearch } from "@tanstack/react-router";
import { useRange } from "../frame/range";
import { Button } from "../parts/Button";
import { type Filter, filtersOf } from "./filter";

const DAY = 86_400_000;
const INACTIVE_DAYS = 30;

/** Presets of who is listed: by when a user was last seen (P-USR-02). */
export function Engagement() {
  const [range] = useRange();
  const navigate = useNavigate();
  const filters = filtersOf((useSearch({ strict: false }) as Record<string, unknown>).filters);
  const inactive = filters.some(isInactive);
  const others = filters.filter((one) => !isInactive(one));
  const show = (preset: string | undefined, more: Filter[]) => {
    const all = [...others, ...more];
    const next = { range: preset, from: undefined, to: undefined, filters: all.length === 0 ? undefined : all };
    navigate({ to: ".", search: (before: Record<string, unknown>) => ({ ...before, ...next }) } as never);
  };
  const since = () => new Date(Date.now() - INACTIVE_DAYS * DAY).toISOString();
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields
    <div role="group" aria-label="Engagement" className="engagement">
      <Button look="plain" aria-pressed={!inactive && range.key === "all"} onClick={() => show(undefined, [])}>
        All
      </Button>
      <Button look="plain" aria-pressed={range.preset === "7d"} onClick={() => show("7d", [])}>
        Active in 7 days
      </Button>
      <Button look="plain" aria-pressed={range.preset === "30d"} onClick={() => show("30d", [])}>
        Active in 30 days
      </Button>
      <Button
        look="plain"
        aria-pressed={inactive}
        onClick={() => show(undefined, [{ field: "lastEngaged", operator: "lt", value: since() }])}
      >
        Inactive
      </Button>
    </div>
  );
}

function isInactive({ field, operator }: Filter): boolean {
  return field === "lastEngaged" && operator === "lt";
}
