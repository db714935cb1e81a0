import { startChromium } from "./browsers.js";
import { testClockIn } from "./clock-checks.js";

testClockIn("Chromium", startChromium);
