// `npm run check`: types, lint, format, dead code. Quick, no browser, no network.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/** The binary itself: a `deno` among npm's commands would be what `deno task` runs instead of Deno. */
const DENO = `node_modules/@deno/linux-${process.arch}-glibc/deno`;

const steps = [
	["types", "tsc", ["-p", "."]],
	["types of the page", "tsc", ["-p", "web"]],
	["types of the agent's page", "tsc", ["-p", "agent/page/client"]],
	["types of the browser tests", "tsc", ["-p", "test/e2e"]],
	[
		"types as Deno sees them",
		DENO,
		["check", "--quiet", "--no-remote", "--node-modules-dir=manual", "worker/main.deno.ts"],
	],
	["lint and format", "biome", ["check", "."]],
	["unused files, exports and dependencies", "knip", []],
];
for (const [name, command, args] of steps) {
	if (command === DENO && !existsSync(DENO)) {
		console.log(`skipped: ${name}; npm has Deno for Linux only`);
		continue;
	}
	const [program, ...all] = command === DENO ? [DENO, ...args] : ["npx", "--no-install", command, ...args];
	const { status } = spawnSync(program, all, { stdio: "inherit" });
	if (status !== 0) {
		console.error(`check failed: ${name}`);
		process.exit(status ?? 1);
	}
}
console.log("check passed");
