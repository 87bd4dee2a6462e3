// Builds the views' bundles into the Python package; with --tests, the tests' bundles into build/tests.
import { readFileSync, readdirSync, rmSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const STATIC = "../routebook_kernel/widgets/static";
const GZIP_LIMIT_KB = 60;

const shared = {
  bundle: true,
  format: "esm",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  logLevel: "warning",
};

if (process.argv.includes("--tests")) {
  rmSync("build/tests", { recursive: true, force: true });
  const entryPoints = readdirSync("tests")
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => `tests/${name}`);
  await build({ ...shared, entryPoints, platform: "node", outdir: "build/tests", outExtension: { ".js": ".mjs" } });
} else {
  await build({
    ...shared,
    entryPoints: { explorer: "src/explorer.tsx" },
    minify: true,
    charset: "utf8",
    target: ["chrome111", "firefox121", "safari16.4"],
    outdir: STATIC,
  });
  await build({
    ...shared,
    entryPoints: { explorer: "src/styles/explorer.css" },
    minify: true,
    charset: "utf8",
    target: ["chrome111", "firefox121", "safari16.4"],
    outdir: STATIC,
  });
  let total = 0;
  for (const name of ["explorer.js", "explorer.css"]) {
    const bytes = readFileSync(`${STATIC}/${name}`);
    const gzipped = gzipSync(bytes).length / 1000;
    total += gzipped;
    console.log(
      `${name.padEnd(13)} ${(bytes.length / 1000).toFixed(1).padStart(6)} kB  ${gzipped.toFixed(1)} kB gzipped`,
    );
  }
  if (total > GZIP_LIMIT_KB) {
    console.error(`The bundle is ${total.toFixed(1)} kB gzipped; ${GZIP_LIMIT_KB} kB is the limit.`);
    process.exit(1);
  }
}
