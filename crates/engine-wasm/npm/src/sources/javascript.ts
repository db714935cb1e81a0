/** Loads the engine as JavaScript, which needs no WebAssembly. */
import { moduleExports } from "../../generated/javascript.js";
import { setSource } from "../engine/load.js";

setSource(() => ({ exports: moduleExports() }));
