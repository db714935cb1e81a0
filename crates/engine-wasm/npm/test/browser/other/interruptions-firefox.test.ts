import { startFirefox } from "../browsers.js";
import { testInterruptionsIn } from "../interruption-checks.js";

testInterruptionsIn("Firefox", startFirefox);
