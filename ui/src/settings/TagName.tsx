import { useProjectId } from "../frame/project";
import { Chip } from "../parts/Chip";
import { useTagColors } from "./tags";
import "./tags.css";

/** A tag of the project that is open: a chip with a dot in its colour. */
export function TagName({ name, onRemove }: { name: string; onRemove?: () => void }) {
  const color = useTagColors(useProjectId()).get(name);
  return (
    <Chip title={name} {...(onRemove === undefined ? {} : { onRemove })}>
      {color && <span className={`tag-dot tag-${color}`} />}
      {name}
    </Chip>
  );
}
