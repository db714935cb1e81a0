/** The link to the session, also as a QR code. */
import { html, svg, type TemplateResult } from "lit-html";

import { linkTo } from "../address.js";
import type { App } from "../app.js";

let copyWords = "Copy link";
/** The modules of the QR code of a link. */
let code: { readonly link: string; readonly modules: readonly (readonly boolean[])[] } | undefined;

export function shareView(app: App, changed: () => void): TemplateResult {
  const { session } = app;
  const link = session === undefined ? "" : linkTo(session.record.id, location.href);
  return html`
    <section aria-labelledby="share-title" class="panel">
      <h2 id="share-title">Take it with you</h2>
      <div class="share">
        <label for="link">Open this on a phone, switch on flight mode, and compare.</label>
        <input id="link" type="text" readonly .value=${link}>
        <button type="button" id="copy" ?disabled=${link === ""} @click=${() => void copy(link, changed)}>${copyWords}</button>
      </div>
      <details class="qr" @toggle=${({ target }: Event) => void loadCode((target as HTMLDetailsElement).open, link, changed)}>
        <summary>QR code</summary>
        ${code?.link === link ? codeView(code.modules) : html`<p class="qr-room"></p>`}
      </details>
    </section>`;
}

/** Loads the code for QR codes when the first is wanted. */
async function loadCode(isOpen: boolean, link: string, changed: () => void): Promise<void> {
  if (isOpen && link !== "" && code?.link !== link) {
    const { default: encodeQR } = await import("qr");
    code = { link, modules: encodeQR(link, "raw", { ecc: "medium", border: 2 }) };
    changed();
  }
}

function codeView(modules: readonly (readonly boolean[])[]): TemplateResult {
  const size = modules.length;
  const path = modules
    .flatMap((line, y) => line.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : "")))
    .join("");
  return html`<p class="qr-room"><svg role="img" aria-label="QR code of the link" viewBox=${`0 0 ${size} ${size}`}
    shape-rendering="crispEdges">${svg`<path d=${path}></path>`}</svg></p>`;
}

async function copy(link: string, changed: () => void): Promise<void> {
  try {
    await navigator.clipboard.writeText(link);
    copyWords = "Copied";
  } catch {
    // Without TLS, browsers block the clipboard but still copy a selection.
    const input = document.querySelector<HTMLInputElement>("#link");
    input?.focus({ preventScroll: true });
    input?.select();
    copyWords = document.execCommand("copy") ? "Copied" : "Selected";
  }
  changed();
  setTimeout(() => {
    copyWords = "Copy link";
    changed();
  }, 2_000);
}
