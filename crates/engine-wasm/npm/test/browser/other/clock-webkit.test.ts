import { testClockIn } from "../clock-checks.js";
import { startWebKit } from "../webkit.js";

testClockIn("WebKit", startWebKit);
