/** Frameworks whose pages are made by a server and by a browser, and Cloudflare Workers. */
import { answer } from "./answer.js";
import type { App, Command } from "./app.js";

const NEXT = {
  "answer.js": `${answer()}\nexport { answer };\n`,
  "app/layout.js": "export default ({ children }) => <html><body>{children}</body></html>;\n",
  "app/page.js": `
import { answer } from "../answer.js";
import { Client } from "./client.js";

export const dynamic = "force-dynamic";

export default async function Page() {
  return <main><p>{await answer()}</p><Client /></main>;
}
`,
  "app/client.js": `"use client";
import { useEffect, useState } from "react";
import { answer } from "../answer.js";

export function Client() {
  const [text, setText] = useState("");
  useEffect(() => void answer().then(setText, (error) => setText(String(error))), []);
  return <p>{text}</p>;
}
`,
  "app/route/route.js": `
import { answer } from "../../answer.js";

export const dynamic = "force-dynamic";

export async function GET() {
  return new Response(await answer());
}
`,
};

const KIT = {
  "vite.config.js": `
import adapter from "@sveltejs/adapter-node";
import { sveltekit } from "@sveltejs/kit/vite";

export default { plugins: [sveltekit({ adapter: adapter() })] };
`,
  "src/app.html":
    "<!doctype html><html><head>%sveltekit.head%</head><body><div>%sveltekit.body%</div></body></html>",
  "src/answer.js": `${answer()}\nexport { answer };\n`,
  "src/routes/+page.server.js": `
import { answer } from "../answer.js";

export const load = async () => ({ text: await answer() });
`,
  "src/routes/+page.svelte": `
<script>
  import { onMount } from "svelte";
  import { answer } from "../answer.js";

  const { data } = $props();
  let text = $state("");
  onMount(() => void answer().then((found) => (text = found), (error) => (text = String(error))));
</script>

<p>{data.text}</p>
<p>{text}</p>
`,
};

export const FRAMEWORKS: readonly App[] = [
  ...next("Turbopack", []),
  ...next("webpack", ["--webpack"]),
  {
    name: "SvelteKit, built",
    tools: "long/sveltekit",
    node: 24,
    files: KIT,
    build: [["vite", "build"]],
    show: { by: "server", command: ["node", "build"], parts: 2 },
  },
  {
    name: "SvelteKit, development server",
    tools: "long/sveltekit",
    node: 24,
    files: KIT,
    show: {
      by: "server",
      command: ["vite", "--host", "127.0.0.1", "--port", "PORT", "--strictPort"],
      parts: 2,
    },
  },
];

/** A server component, a client component and a route. */
function next(bundler: string, options: string[]): App[] {
  const texts = ["/route"];
  const server = (command: Command): App["show"] => ({ by: "server", command, parts: 2, texts });
  const app = { tools: "long/next", node: 22, files: NEXT } as const;
  return [
    {
      ...app,
      name: `Next.js 16, built with ${bundler}`,
      build: [["next", "build", ...options]],
      show: server(["next", "start", "--port", "PORT"]),
    },
    {
      ...app,
      name: `Next.js 16, development server with ${bundler}`,
      show: server(["next", "dev", "--port", "PORT", ...options]),
    },
  ];
}

/** How Workers behave depends on a date. The last one is the newest that this version of their runtime knows. */
const DATES = ["2024-09-23", "2025-06-01", "2026-11-17"];

/** Workers may not compile WebAssembly: it has to be imported. */
const IMPORTED = { before: 'import file from "tickseed/tickseed_bg.wasm";', engine: "file" };

const FETCH = `
export default {
  fetch: () => answer().then((text) => new Response(text), (error) => new Response(String(error), { status: 500 })),
};
`;

export const WORKERS: readonly App[] = DATES.flatMap((date) => [
  worker(`Cloudflare Workers of ${date}`, date, answer()),
  worker(`Cloudflare Workers of ${date}, with tickseed/tickseed_bg.wasm`, date, answer(IMPORTED)),
  worker(`Cloudflare Workers of ${date}, tickseed/js`, date, answer({ entry: "tickseed/js" })),
]);

function worker(name: string, date: string, code: string): App {
  const settings = { name: "app", main: "worker.js", compatibility_date: date };
  return {
    name,
    tools: "long/workers",
    node: 24,
    files: { "wrangler.json": JSON.stringify(settings), "worker.js": `${code}${FETCH}` },
    show: {
      by: "server",
      command: ["wrangler", "dev", "--local", "--ip", "127.0.0.1", "--port", "PORT"],
      texts: ["/"],
    },
  };
}
