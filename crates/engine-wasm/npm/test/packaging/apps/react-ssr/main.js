import { createElement } from "react";
import { hydrateRoot } from "react-dom/client";

import { App } from "./app.js";

const { address, record } = document.body.dataset;
hydrateRoot(document.querySelector("#app"), createElement(App, { address, record: JSON.parse(record) }));
