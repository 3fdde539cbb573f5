import { defineConfig } from "vite";
import { finish } from "./vite/finish.ts";

// Addresses in the page are relative to its base element, which the server sets: one build works below any path.
export default defineConfig({
  base: "",
  plugins: [finish()],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  resolve: {
    // The source is React's, what runs it is Preact: a third of the first screen's weight (docs/architecture.md).
    alias: [
      { find: /^react\/jsx-(dev-)?runtime$/, replacement: "preact/jsx-runtime" },
      { find: "react-dom/client", replacement: "preact/compat/client" },
      { find: /^react(-dom)?$/, replacement: "preact/compat" },
    ],
  },
  build: {
    outDir: "../src/literalai_otel/server/static",
    emptyOutDir: true,
    target: "es2022",
    sourcemap: false,
    license: { fileName: "licenses.md" },
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/api": process.env.LITERAL_API_URL ?? "http://127.0.0.1:3000" } },
});
