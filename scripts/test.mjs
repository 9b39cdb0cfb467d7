// `npm test`: installs what the tests need, then runs every check. Plain JavaScript: it starts before anything is installed.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const [major] = process.versions.node.split(".").map(Number);
if (major < 20) {
	console.error(`Node ${process.version} is too old: Mivisus needs Node 20 or newer.`);
	process.exit(1);
}

/** Runs a command with its output shown; ends this process with its code when it fails. */
function run(command, args) {
	const { status, error } = spawnSync(command, args, { stdio: "inherit" });
	if (error) console.error(`${command} could not be started: ${error.message}`);
	if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync("node_modules/.package-lock.json") || process.env.CI) run("npm", ["ci", "--no-audit", "--no-fund"]);
run("node", ["scripts/check.mjs"]);
run("npx", ["--no-install", "vitest", "run", ...process.argv.slice(2)]);
