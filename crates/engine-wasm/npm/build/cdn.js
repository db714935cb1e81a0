/**
 * Makes `cdn.js`: everything in one classic script, for pages that load the package with `<script src>`.
 *
 *     node build/cdn.js FOLDER     the folder with the output of the TypeScript compiler
 */
import { resolve } from "node:path";
import { build } from "vite";

const folder = resolve(process.argv[2]);

/** The list of modules with side effects in package.json names them in their final folder. */
const keepSideEffects = {
  name: "keep-side-effects",
  transform: (code) => ({ code, map: null, moduleSideEffects: true }),
};

await build({
  configFile: false,
  logLevel: "warn",
  publicDir: false,
  plugins: [keepSideEffects],
  build: {
    lib: { entry: `${folder}/cdn.js`, name: "tickseedScript", formats: ["iife"], fileName: () => "cdn.js" },
    outDir: folder,
    emptyOutDir: false,
    target: "es2022",
    sourcemap: true,
  },
});
