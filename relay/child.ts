/**
 * The data plane as a process. `main.ts` starts it and starts it again: HTTP/3 cannot be stopped inside a living process,
 * so an end, a new certificate and a recovery are all a new process.
 */
import { setTimeout } from "node:timers";
import { QUIET_MS } from "@mivisus/transport/http3/session";
import { ConfigError, readConfig } from "./config.ts";
import { createLog } from "./log.ts";
import { type Plane, startPlane } from "./plane.ts";

/** Exit status that tells the supervisor not to try again. */
const MISCONFIGURED = 78;
/** A certificate made at start is replaced this long before it ends, ms. */
const RENEW_BEFORE_MS = 86_400_000;
/** For what is under way to arrive, and then for close messages to leave. */
const DRAIN_MS = QUIET_MS + 200;

async function main(): Promise<void> {
	const config = await readConfig(process.env);
	const log = createLog(config.logLevel);
	for (const warning of config.warnings) log.warn({}, warning);
	let plane: Plane;
	try {
		plane = await startPlane({ config, log });
	} catch (error) {
		if (error instanceof ConfigError) throw error;
		log.error({ error: (error as Error).message }, "the relay cannot start");
		process.exit(1);
	}
	let ending = false;
	const end = (why: string) => {
		if (ending) return;
		ending = true;
		log.info({ why }, "relay ends");
		plane.close();
		setTimeout(() => process.exit(0), DRAIN_MS);
	};
	for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => end(signal));
	void plane.failed.then(() => process.exit(1));
	// A supervisor that died leaves nobody to stop this process: it goes too.
	process.on("disconnect", () => end("supervisor gone"));
	if (!config.certificate) {
		setTimeout(() => end("new certificate"), plane.certificateNotAfter - RENEW_BEFORE_MS - Date.now());
	}
	process.send?.({ ready: true, port: plane.port, httpPort: plane.httpPort });
}

main().catch((error) => {
	console.error(error instanceof ConfigError ? `The relay's configuration:\n${error.message}` : error);
	process.exit(error instanceof ConfigError ? MISCONFIGURED : 1);
});
