/** Loads the WebAssembly module from the text that is embedded in the code. */
import { moduleBytes } from "../../generated/inline.js";
import { setSource } from "../engine/load.js";

setSource(moduleBytes);
