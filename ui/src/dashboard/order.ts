/** The ids in the order that was chosen; those that it does not know keep their place behind the one before them. */
export function ordered(ids: readonly string[], chosen: readonly string[]): string[] {
  const found = chosen.filter((id) => ids.includes(id));
  ids.forEach((id, index) => {
    if (found.includes(id)) return;
    const before = index === 0 ? -1 : found.indexOf(ids[index - 1] ?? "");
    found.splice(before + 1, 0, id);
  });
  return found;
}

/** The ids with one moved by so many places among those that are shown. */
export function moved(ids: readonly string[], shown: readonly string[], id: string, by: number): string[] {
  const neighbour = shown[shown.indexOf(id) + by];
  if (neighbour === undefined) return [...ids];
  const others = ids.filter((other) => other !== id);
  const place = others.indexOf(neighbour) + (by > 0 ? 1 : 0);
  return [...others.slice(0, place), id, ...others.slice(place)];
}
