import { testInterruptionsIn } from "../interruption-checks.js";
import { startWebKit } from "../webkit.js";

testInterruptionsIn("WebKit", startWebKit);
