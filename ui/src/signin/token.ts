/**
 * The token behind the `#` of a one-time link, null where there is none. It leaves the address at once, so that no
 * history and no screenshot keeps it.
 */
export function takeToken(): string | null {
  const token = decodeURIComponent(window.location.hash.slice(1));
  if (token === "") return null;
  window.history.replaceState(window.history.state, "", window.location.pathname + window.location.search);
  return token;
}
