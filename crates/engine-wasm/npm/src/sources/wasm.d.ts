/** Only Cloudflare's tools, which compile the file, see an import of it. */
declare module "*.wasm" {
  const compiled: WebAssembly.Module;

  export { compiled as default };
}
