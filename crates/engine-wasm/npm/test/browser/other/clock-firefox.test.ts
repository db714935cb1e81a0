import { startFirefox } from "../browsers.js";
import { testClockIn } from "../clock-checks.js";

testClockIn("Firefox", startFirefox);
