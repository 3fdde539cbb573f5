import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

/** Below this many bytes an encoding saves nothing. */
const COMPRESSED_FROM = 512;
const TEXT = /\.(js|css|html|svg|json|txt|map)$/;

/**
 * Names the build and writes the encoded copies that the server sends.
 *
 * The name is a hash of all file names, which are hashes of their contents. The page carries it in a meta element, the
 * server reads it from `build.json`: where they differ, the page is older than its server.
 */
export function finish(): Plugin {
  let outDir = "";
  return {
    name: "finish",
    apply: "build",
    configResolved(config) {
      outDir = config.build.outDir;
    },
    writeBundle(_options, bundle) {
      const names = Object.keys(bundle).sort().join("\n");
      const build = createHash("sha256").update(names).digest("hex").slice(0, 12);
      const index = join(outDir, "index.html");
      writeFileSync(index, readFileSync(index, "utf8").replace("BUILD", build));
      writeFileSync(join(outDir, "build.json"), JSON.stringify({ build }));
      for (const file of readdirSync(join(outDir, "assets"))) encode(join(outDir, "assets", file));
    },
  };
}

function encode(path: string): void {
  const content = readFileSync(path);
  if (!TEXT.test(path) || content.length < COMPRESSED_FROM) return;
  writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
  writeFileSync(`${path}.br`, brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
}
