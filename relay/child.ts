/**
 * The data plane as a process. `main.ts` starts it and starts it again: HTTP/3 cannot be stopped inside a living process,
 * so an end, a new certificate and a recovery are all a new process.
 */
import { clearInterval, setInterval, setTimeout } from "node:timers";
import { QUIET_MS } from "@mivisus/transport/http3/session";
import { AsyncQueue } from "@mivisus/transport/moq/queue";
import { toBase64Url } from "@mivisus/wire/ids";
import { placeOf, readConfig } from "./config.ts";
import { ConfigError } from "./config-error.ts";
import { TICK_MS } from "./limits.ts";
import { createLog } from "./log.ts";
import { type FromPlane, MISCONFIGURED, ToPlane } from "./messages.ts";
import { type Plane, startPlane } from "./plane.ts";

/** For what is under way to arrive, and then for close messages to leave. */
const GOODBYE_MS = QUIET_MS + 200;

const tell = (message: FromPlane) => process.send?.(message);

async function main(): Promise<void> {
	// Heard from the start: the first may come while the configuration is read, others while the plane starts.
	const heard = new AsyncQueue<ToPlane>();
	process.on("message", (message) => {
		const parsed = ToPlane.safeParse(message);
		if (parsed.success) heard.push(parsed.data);
	});
	const config = await readConfig(process.env);
	const log = createLog(config.logLevel);
	for (const warning of config.warnings) log.warn({}, warning);
	const begin = await heard.take();
	if (begin?.type !== "begin") throw new Error("the supervisor did not say first where to listen");
	const { slot, revocations } = begin;
	let plane: Plane;
	try {
		plane = await startPlane({ config: { ...config, ...placeOf(config, slot) }, log, revocations });
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
		clearInterval(status);
		plane.close();
		setTimeout(() => process.exit(0), GOODBYE_MS);
	};
	for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => end(signal));
	void plane.failed.then(() => process.exit(1));
	// A supervisor that died leaves nobody to stop this process: it goes too.
	process.on("disconnect", () => end("supervisor gone"));
	const status = setInterval(() => tell({ type: "status", ...plane.status() }), TICK_MS);
	const { instance, port, tcpPort, transports, certificateHash, certificateNotAfter } = plane;
	tell({
		type: "ready",
		instance,
		...(port !== undefined && { port }),
		tcpPort,
		transports: [...transports],
		...(!config.certificate && { certificateHash: toBase64Url(certificateHash) }),
		certificateNotAfterMs: certificateNotAfter,
	});
	for await (const message of heard) {
		if (message.type === "drain") void plane.drain().then(() => end("another process took over"));
		else if (message.type === "revoke") {
			plane.revoke(message.revocations);
			tell({ type: "done", id: message.id });
		} else if (message.type === "metrics") {
			const { id } = message;
			void plane.metrics().then((text) => tell({ type: "done", id, text }));
		}
	}
}

main().catch((error) => {
	console.error(error instanceof ConfigError ? `The relay's configuration:\n${error.message}` : error);
	process.exit(error instanceof ConfigError ? MISCONFIGURED : 1);
});
