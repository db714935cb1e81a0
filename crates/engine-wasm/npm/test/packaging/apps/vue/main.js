import { createApp } from "vue";

import App from "./App.vue";

createApp(App, { address: document.body.dataset.address }).mount("#app");
