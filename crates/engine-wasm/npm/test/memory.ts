import { vi } from "vitest";

/** The engine's memory. Call `load` before anything else loads the engine. */
export async function memoryAfter(load: () => Promise<void>): Promise<WebAssembly.Memory> {
  const instantiate = vi.spyOn(WebAssembly, "instantiate");
  await load();
  const made: WebAssembly.WebAssemblyInstantiatedSource = await instantiate.mock.results[0]?.value;
  instantiate.mockRestore();
  return made.instance.exports.memory as WebAssembly.Memory;
}
