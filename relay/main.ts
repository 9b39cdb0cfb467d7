/** The relay: a supervisor with its control side, and data planes as processes of their own. */
import { statSync } from "node:fs";
import { setInterval } from "node:timers";
import { type RelayConfig, readConfig } from "./config.ts";
import { ConfigError } from "./config-error.ts";
import { ControlServer } from "./control.ts";
import { CERTIFICATE_LOOK_MS } from "./limits.ts";
import { createLog } from "./log.ts";
import { operationRoutes } from "./operations.ts";
import { placesOf, portError } from "./ports.ts";
import { Supervisor } from "./supervisor.ts";

/** Changes with each new content that somebody puts there. */
function fingerprint(files: readonly string[]): string {
	return files
		.map((file) => {
			const stat = statSync(file, { throwIfNoEntry: false });
			return stat ? `${stat.ino} ${stat.size} ${stat.mtimeMs}` : "";
		})
		.join();
}
/** Calls `changed` once new files lie there and stay as they are for one look: whoever renews them writes two. */
function watchFiles(files: readonly string[], changed: () => void): void {
	let [used, seen] = [fingerprint(files), fingerprint(files)];
	setInterval(() => {
		const now = fingerprint(files);
		const settled = now === seen;
		seen = now;
		if (!settled || now === used) return;
		used = now;
		changed();
	}, CERTIFICATE_LOOK_MS).unref();
}

async function main(): Promise<number> {
	const config: RelayConfig = await readConfig(process.env);
	const log = createLog(config.logLevel);
	const supervisor = new Supervisor({ log, now: Date.now });
	const control = new ControlServer({
		audience: config.instance,
		keys: config.controlKeys,
		now: Date.now,
		health: () => supervisor.health(),
		revoke: (revocations) => supervisor.revoke(revocations),
		routes: operationRoutes({ ready: () => supervisor.ready, metrics: () => supervisor.metrics() }),
	});
	const failed = control.listen(config.httpHost, config.httpPort).then(
		(httpPort) => void log.info({ httpPort }, "the control side is listening"),
		(error: unknown) => {
			const { message } = portError(error, placesOf(config).control);
			log.error({ error: message }, "the control side cannot listen");
			return supervisor.stop().then(() => true);
		},
	);
	for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void supervisor.stop());
	process.on("SIGHUP", () => supervisor.swap("SIGHUP"));
	watchFiles(config.certificateFiles, () => supervisor.swap("a new certificate"));
	const code = await supervisor.over;
	return (await failed) ? 1 : code;
}

main().then(
	(code) => process.exit(code),
	(error) => {
		console.error(error instanceof ConfigError ? `The relay's configuration:\n${error.message}` : error);
		process.exit(1);
	},
);
