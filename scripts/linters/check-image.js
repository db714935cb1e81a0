// Follows the Dockerfile without a container engine: node check-image.js FOLDER. Makes a folder for each stage, which stands for
// its /, copies what COPY copies, and runs what RUN runs. The programs that take long are stand-ins (scripts/stand-in), but Cargo
// really reads the workspace. So a file that COPY or .dockerignore leaves out is missed here as it would be in Docker.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import dockerignore from "@balena/dockerignore";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const WORK = process.argv[2];
// The folders of a base image that RUN expects.
const IN_IMAGES = ["usr/local/bin", "usr/local/lib", "etc/ssl/certs"];
// Files of base images that COPY takes. Empty folders stand for them.
const FROM_IMAGES = ["/usr/local/bin/node", "/usr/local/lib/node_modules", "/etc/ssl/certs/ca-certificates.crt"];
// What has to be in a stage at its end.
const NEEDED = {
  build: ["usr/local/bin/node", "usr/local/lib/node_modules/"],
  final: ["usr/local/bin/tickseed", "usr/local/bin/tickseed-healthcheck", "etc/ssl/certs/ca-certificates.crt"],
};
const STAND_INS = ["cargo", "node", "npm", "openapi-typescript", "rustup", "tsc", "vite", "wasm-pack"];

class Refused extends Error {}

/** The files that Docker gets to see, as paths within the repository. */
function context() {
  const ignored = dockerignore().add(readFileSync(join(ROOT, ".dockerignore"), "utf8"));
  const found = [];
  const walk = (folder) => {
    for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
      const path = join(folder, entry.name);
      // No image needs these, and they are large.
      if ([".git", "artifacts", "node_modules", "target"].includes(entry.name)) {
        if (!ignored.ignores(join(path, "file"))) {
          throw new Refused(`.dockerignore lets ${path} through`);
        }
      } else if (entry.isDirectory()) {
        walk(path);
      } else if (!ignored.ignores(path)) {
        found.push(path);
      }
    }
  };
  walk("");
  return found;
}

/** The instructions, as [name, text]. */
function instructions(text) {
  const found = [];
  let current = "";
  for (const line of text.split("\n")) {
    if (line.trim() === "" || line.startsWith("#")) {
      continue;
    }
    current += line.replace(/\\$/, " ");
    if (!line.endsWith("\\")) {
      const [, name, rest] = /^(\S+)\s+(.*)$/.exec(current);
      found.push([name, rest]);
      current = "";
    }
  }
  return found;
}

/** The stages so far: a folder for each, and the folder in it that WORKDIR has set. */
const stages = new Map();
let stage;

function from(text) {
  const [image, , name = "final"] = text.split(/\s+/);
  stage = { folder: join(WORK, name), workdir: "/", name };
  for (const folder of IN_IMAGES) {
    mkdirSync(join(stage.folder, folder), { recursive: true });
  }
  const base = stages.get(image);
  if (base) {
    cpSync(base.folder, stage.folder, { recursive: true, verbatimSymlinks: true });
    stage.workdir = base.workdir;
  }
  stages.set(name, stage);
}

function copy(text, files) {
  const words = text.split(/\s+/);
  const source = words[0].startsWith("--from=") ? stages.get(words.shift().slice("--from=".length)) : undefined;
  const target = words.pop();
  for (const word of words) {
    if (source === undefined) {
      copyFromContext(word, target, files);
    } else {
      if (FROM_IMAGES.includes(word)) {
        mkdirSync(join(source.folder, word), { recursive: true });
      }
      copyInto(join(source.folder, word), target);
    }
  }
}

function copyFromContext(word, target, files) {
  const chosen = files.filter((file) => word === "." || file === word || file.startsWith(`${word}/`));
  if (chosen.length === 0) {
    throw new Refused(`COPY finds no ${word} that .dockerignore lets through`);
  }
  for (const file of chosen) {
    const isFolder = file !== word;
    copyInto(join(ROOT, file), isFolder ? join(target, relative(word, file)) : target);
  }
}

function copyInto(source, target) {
  if (!existsSync(source)) {
    throw new Refused(`COPY finds no ${relative(WORK, source)}`);
  }
  const isFile = statSync(source).isFile() || FROM_IMAGES.some((path) => source.endsWith(path));
  const name = isFile && target.endsWith("/") ? join(target, basename(source)) : target;
  const path = name.startsWith("/") ? join(stage.folder, name) : join(stage.folder, stage.workdir, name);
  mkdirSync(dirname(path), { recursive: true });
  cpSync(source, path, { recursive: true, verbatimSymlinks: true });
}

function run(text) {
  const command = text.replace(/(?<=[\s=])\/(?=[a-z])/g, `${stage.folder}/`).replace(/ --(owner|group)=\d+/g, "");
  const { status, stdout, stderr } = spawnSync("bash", ["-euo", "pipefail", "-c", command], {
    cwd: join(stage.folder, stage.workdir),
    encoding: "utf8",
    env: {
      ...process.env,
      PATH: `${join(WORK, "programs")}:${process.env.PATH}`,
      REAL_PATH: process.env.PATH,
      STAND_IN: join(ROOT, "scripts/stand-in"),
      XDG_CACHE_HOME: join(stage.folder, "root/.cache"),
      FAIL: "false",
      ROUND: "1",
    },
  });
  if (status !== 0) {
    throw new Refused(`${command}\nfails:\n${stdout}${stderr}`);
  }
}

function workdir(text) {
  stage.workdir = text;
  mkdirSync(join(stage.folder, text), { recursive: true });
}

function checkStages() {
  for (const [name, paths] of Object.entries(NEEDED)) {
    const missing = paths.filter((path) => !existsSync(join(stages.get(name).folder, path)));
    if (missing.length > 0) {
      throw new Refused(`the stage ${name} lacks /${missing.join(", /")}`);
    }
  }
}

/** What the crates include at compile time has to be in the stage that builds them. The benchmarks are not built there. */
function checkIncludes() {
  const { folder, workdir } = stages.get("build");
  const crates = join(folder, workdir, "crates");
  const sources = readdirSync(crates, { recursive: true }).filter((file) => /^(?!bench\/).*\/src\/.*\.rs$/.test(file));
  for (const source of sources) {
    const path = join(crates, source);
    for (const [, included] of readFileSync(path, "utf8").matchAll(/include(?:_str|_bytes)?!\("([^"]+)"\)/g)) {
      if (!existsSync(join(dirname(path), included))) {
        throw new Refused(`${source} includes ${included}, which the image lacks`);
      }
    }
  }
}

function follow() {
  const files = context();
  const handlers = { FROM: from, COPY: (text) => copy(text, files), RUN: run, WORKDIR: workdir };
  for (const [name, text] of instructions(readFileSync(join(ROOT, "Dockerfile"), "utf8"))) {
    handlers[name]?.(text);
  }
}

mkdirSync(join(WORK, "programs"), { recursive: true });
for (const name of STAND_INS) {
  symlinkSync(join(ROOT, "scripts/stand-in"), join(WORK, "programs", name));
}
try {
  follow();
  checkStages();
  checkIncludes();
} catch (error) {
  if (!(error instanceof Refused)) {
    throw error;
  }
  console.error(`The image cannot be built: ${error.message}`);
  process.exitCode = 1;
}
