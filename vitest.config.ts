import { defineConfig } from "vitest/config";
import CountReporter from "./scripts/count-reporter.ts";

export default defineConfig({
	test: {
		include: ["{wire,transport,relay,agent,worker,web,test,scripts,bench}/**/*.test.ts"],
		reporters: ["default", new CountReporter()],
		maxWorkers: 2,
		testTimeout: 20_000,
		hookTimeout: 60_000,
	},
});
