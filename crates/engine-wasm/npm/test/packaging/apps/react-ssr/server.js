import { createElement } from "react";
import { renderToString } from "react-dom/server";

import { App } from "./app.js";

const [address, record] = process.argv.slice(2);
process.stdout.write(renderToString(createElement(App, { address, record: JSON.parse(record) })));
