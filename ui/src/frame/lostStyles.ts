/**
 * Asks once more for a style sheet that did not come: a server may die under one request and answer the next.
 *
 * Vite takes a part of the page for lost when its styles are; the router asks again for its modules alone.
 */
export function askAgainForStyles(): void {
  window.addEventListener("vite:preloadError", (event) => {
    const lost = /preload CSS for (\S+)/.exec(event.payload.message)?.[1];
    if (lost === undefined) return;
    event.preventDefault();
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = lost;
    document.head.append(link);
  });
}
