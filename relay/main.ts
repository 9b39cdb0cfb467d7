/** The relay: keeps one data-plane process running until it is told to end. */
import { type ChildProcess, spawn } from "node:child_process";
import { clearTimeout, setTimeout } from "node:timers";
import { fileURLToPath } from "node:url";

const MISCONFIGURED = 78;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 15_000;
/** A plane that ran for so long was well: the next pause is short again. */
const WELL_MS = 60_000;
/** From the signal to the end by force. */
const GRACE_MS = 3000;

let child: ChildProcess | undefined;
let ending = false;
let pauseMs = FIRST_PAUSE_MS;
let restart: ReturnType<typeof setTimeout> | undefined;

function start(): void {
	const begun = Date.now();
	child = spawn(process.execPath, ["--import", "tsx", fileURLToPath(new URL("child.ts", import.meta.url))], {
		stdio: ["ignore", "inherit", "inherit", "ipc"],
	});
	child.on("error", (error) => console.error(`the relay's process cannot be started: ${error.message}`));
	child.on("exit", (code) => {
		child = undefined;
		if (ending) process.exit(0);
		if (code === MISCONFIGURED) process.exit(1);
		// It ended by itself and in order: a new certificate is due, nothing is wrong.
		if (code === 0 || Date.now() - begun >= WELL_MS) pauseMs = FIRST_PAUSE_MS;
		else console.error(`the relay's process ended (${code ?? "killed"}); again in ${pauseMs / 1000} s`);
		restart = setTimeout(start, code === 0 ? 0 : pauseMs);
		pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
	});
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
	process.on(signal, () => {
		if (ending) return;
		ending = true;
		clearTimeout(restart);
		if (!child) process.exit(0);
		child.kill("SIGTERM");
		setTimeout(() => child?.kill("SIGKILL"), GRACE_MS);
	});
}
start();
