/**
 * A virtual world for tests of games: time that passes at once, a server in memory, and devices whose networks and clocks fail when
 * a test says so. It runs in Node.js, in any test runner.
 *
 * @packageDocumentation
 */
export type { Leftovers } from "./testing/device.js";
export type { VirtualGlobals } from "./testing/globals.js";
export type {
  DeviceNetwork,
  DeviceOptions,
  VirtualDevice,
  VirtualWorld,
  VirtualWorldOptions,
  WorldChange,
  WorldServer,
} from "./testing/types.js";
export { virtualWorld } from "./testing/virtual-world.js";
