import { defineConfig } from "vite";
import solid from "vite-plugin-solid";
import { policyPlugin } from "./policy-plugin.ts";

/** Where the worker listens in development, for `vite` alone; `npm start` serves the built page from the worker. */
const API = "http://127.0.0.1:8080";

export default defineConfig({
	plugins: [solid(), policyPlugin()],
	worker: { format: "es" },
	server: { proxy: { "/api": API } },
	build: {
		target: "es2022",
		// These know light-dark(), which a page half dark and half light cannot do without; so do all with WebTransport in use.
		cssTarget: ["chrome123", "edge123", "firefox120", "safari17.5"],
		// Nothing becomes a data: URL: the page's policy allows its own origin only.
		assetsInlineLimit: 0,
		modulePreload: { polyfill: false },
	},
});
