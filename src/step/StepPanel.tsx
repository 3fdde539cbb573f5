export function StepPanel(_: Record<string, unknown>) { return null; }
