const AREAS = /\/p\/[^/]+\/(dashboard|threads|runs|generations|steps|scores|users|settings)(?:\/|$)/;

/** The area of an address: what a single thread is open in is the area of threads. */
export function areaOf(path: string): string {
  return AREAS.exec(path)?.[1] ?? "dashboard";
}
