import { vi } from "vitest";

/** The engine's memory. The engine must not have been loaded before `load` is called. */
export async function memoryAfter(load: () => Promise<void>): Promise<WebAssembly.Memory> {
  const instantiate = vi.spyOn(WebAssembly, "instantiate");
  await load();
  const made: WebAssembly.WebAssemblyInstantiatedSource = await instantiate.mock.results[0]?.value;
  instantiate.mockRestore();
  return made.instance.exports.memory as WebAssembly.Memory;
}
