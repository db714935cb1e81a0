import { render } from "solid-js/web";

import { App } from "./app.jsx";

render(() => <App address={document.body.dataset.address} />, document.querySelector("#app"));
