// `npm start`: installs what is needed and runs the whole system. Plain JavaScript: it begins before anything is installed.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

/** One line, then the end. */
function refuse(line) {
	console.error(line);
	process.exit(1);
}

if (Number(process.versions.node.split(".")[0]) < 20) {
	refuse(`Node ${process.version} is too old: Mivisus needs Node 20 or newer.`);
}

// npm writes node_modules/.package-lock.json after each install: older than our lockfile means that the two differ.
const installed = join("node_modules", ".package-lock.json");
const stale = !existsSync(installed) || statSync(installed).mtimeMs < statSync("package-lock.json").mtimeMs;
if (stale) {
	console.log("Installing packages (once) …");
	const { status, error } = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
		stdio: ["ignore", "ignore", "inherit"],
		shell: process.platform === "win32",
	});
	if (error || status !== 0) refuse("npm ci failed; see above. Is the npm registry reachable from this machine?");
}

const child = spawn(process.execPath, ["--import", "tsx", "scripts/start/main.ts", ...process.argv.slice(2)], {
	stdio: "inherit",
});
// The terminal sends Ctrl-C to the whole group; a signal sent to this process alone is passed on.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
