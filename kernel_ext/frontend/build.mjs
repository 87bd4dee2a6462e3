// Builds the views' bundles into the Python package; with --tests, the tests' bundles into build/tests.
// The script of a view is src/<view>.tsx, its sheet src/styles/<view>.css.
import { copyFileSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const STATIC = "../routebook_kernel/widgets/static";
const VIEWS = ["bench", "explorer", "sockets", "log", "trace", "dependencies", "saved_tests"];
const GZIP_LIMIT_KB = 60; // of a view: script and sheet

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
  rmSync(STATIC, { recursive: true, force: true });
  const entryPoints = ["src/loader.ts", ...VIEWS.flatMap((view) => [`src/${view}.tsx`, `src/styles/${view}.css`])];
  await build({
    ...shared,
    entryPoints,
    entryNames: "[name]",
    minify: true,
    charset: "utf8",
    target: ["chrome111", "firefox121", "safari16.4"],
    outdir: STATIC,
  });
  copyFileSync("node_modules/preact/LICENSE", `${STATIC}/preact.LICENSE.txt`); // its code is in the bundles
  for (const view of VIEWS) confine(view);
  const sizes = ["loader.js", ...VIEWS.flatMap((view) => [`${view}.js`, `${view}.css`])].map(measured);
  for (const view of VIEWS) {
    const total = sizes.filter(({ name }) => name.startsWith(`${view}.`)).reduce((sum, { kB }) => sum + kB, 0);
    if (total <= GZIP_LIMIT_KB) continue;
    console.error(`The view ${view} is ${total.toFixed(1)} kB gzipped; ${GZIP_LIMIT_KB} kB is the limit.`);
    process.exitCode = 1;
  }
}

/** A sheet dresses its own view only: all views of a page share class names, and the sheet that comes last would win. */
function confine(view) {
  const path = `${STATIC}/${view}.css`;
  writeFileSync(path, readFileSync(path, "utf8").replaceAll(".rb-view", `.rb-view.rb-in-${view}`));
}

function measured(name) {
  const bytes = readFileSync(`${STATIC}/${name}`);
  const kB = gzipSync(bytes).length / 1000;
  console.log(`${name.padEnd(16)} ${(bytes.length / 1000).toFixed(1).padStart(6)} kB  ${kB.toFixed(1)} kB gzipped`);
  return { name, kB };
}
