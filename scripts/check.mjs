// `npm run check`: types, lint, format, dead code. Quick, no browser, no network.
import { spawnSync } from "node:child_process";

const steps = [
	["types", "tsc", ["-p", "."]],
	["types of the page", "tsc", ["-p", "web"]],
	["types of the browser tests", "tsc", ["-p", "test/e2e"]],
	[
		"types as Deno sees them",
		"deno",
		["check", "--quiet", "--no-remote", "--node-modules-dir=manual", "worker/main.deno.ts"],
	],
	["lint and format", "biome", ["check", "."]],
	["unused files, exports and dependencies", "knip", []],
];
for (const [name, command, args] of steps) {
	const { status } = spawnSync("npx", ["--no-install", command, ...args], { stdio: "inherit" });
	if (status !== 0) {
		console.error(`check failed: ${name}`);
		process.exit(status ?? 1);
	}
}
console.log("check passed");
