import { startChromium } from "./browsers.js";
import { testInterruptionsIn } from "./interruption-checks.js";

testInterruptionsIn("Chromium", startChromium);
