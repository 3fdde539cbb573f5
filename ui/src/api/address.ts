/** Where the page is served, with a slash at the end: the base element, which the server sets. */
export const BASE = new URL(document.baseURI).pathname;

/** The address of a path of the server below the base: `address("api/session")`. */
export function address(path: string): string {
  return BASE + path.replace(/^\//, "");
}

/** The build that this page came from. */
export const BUILD = document.querySelector<HTMLMetaElement>('meta[name="build"]')?.content ?? "";
