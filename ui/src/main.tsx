import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiError } from "./api/request";
import { askAgainForStyles } from "./frame/lostStyles";
import { applyTheme } from "./frame/theme";
import { Toasts } from "./parts/toasts";
import { makeRouter } from "./router";
import "./styles/tokens.css";
import "./styles/base.css";
import "./parts/parts.css";
import "./frame/frame.css";

const UNANSWERED: ReadonlySet<number> = new Set([502, 503, 504]);

applyTheme();
askAgainForStyles();

const client = new QueryClient({
  defaultOptions: {
    queries: {
      // What the server refused it refuses again. A server that is busy is asked again, and one behind a proxy that got
      // no answer of it.
      retry: (failures, error) => failures < 2 && (!(error instanceof ApiError) || UNANSWERED.has(error.status)),
      staleTime: 10_000,
      refetchOnWindowFocus: false,
    },
  },
});
const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <RouterProvider router={makeRouter(client)} />
      <Toasts />
    </QueryClientProvider>
  </StrictMode>,
);
