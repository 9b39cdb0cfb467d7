import type { Reporter, TestModule } from "vitest/node";

/** Ends a run with one line `N passed, N failed`, which continuous integration reads. */
export default class CountReporter implements Reporter {
	onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
		let passed = 0;
		// A file that did not load and an error outside any test are failures too, though no test case carries them.
		let failed = errors.length;
		for (const module of modules) {
			if (module.errors().length > 0) failed += 1;
			for (const test of module.children.allTests()) {
				const { state } = test.result();
				if (state === "passed") passed += 1;
				if (state === "failed") failed += 1;
			}
		}
		process.on("exit", () => console.log(`${passed} passed, ${failed} failed`));
	}
}
