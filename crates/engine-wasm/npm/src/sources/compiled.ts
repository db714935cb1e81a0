/** Loads the module that Cloudflare Workers compile when they are deployed. They compile none at run time. */
import compiled from "../../generated/tickseed_bg.wasm";
import { setSource } from "../engine/load.js";

setSource(() => compiled);
