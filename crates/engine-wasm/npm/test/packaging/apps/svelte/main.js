import { mount } from "svelte";

import App from "./App.svelte";

mount(App, { target: document.querySelector("#app"), props: { address: document.body.dataset.address } });
