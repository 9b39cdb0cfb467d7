/**
 * The data plane as a process. `main.ts` starts it and starts it again: HTTP/3 cannot be stopped inside a living process,
 * so an end, a new certificate and a recovery are all a new process.
 */
import { clearInterval, setInterval, setTimeout } from "node:timers";
import { QUIET_MS } from "@mivisus/transport/http3/session";
import { toBase64Url } from "@mivisus/wire/ids";
import { ConfigError, placeOf, readConfig } from "./config.ts";
import { TICK_MS } from "./limits.ts";
import { createLog } from "./log.ts";
import { type FromPlane, ToPlane } from "./messages.ts";
import { type Plane, startPlane } from "./plane.ts";
import { MISCONFIGURED } from "./supervisor.ts";

/** For what is under way to arrive, and then for close messages to leave. */
const GOODBYE_MS = QUIET_MS + 200;

const tell = (message: FromPlane) => process.send?.(message);

/** What the supervisor says, one after the other; the first is where to listen. */
function hear(on: (message: ToPlane) => void): void {
	process.on("message", (message) => {
		const parsed = ToPlane.safeParse(message);
		if (parsed.success) on(parsed.data);
	});
}

async function main(): Promise<void> {
	const begin = new Promise<Extract<ToPlane, { type: "begin" }>>((resolve) => {
		hear((message) => message.type === "begin" && resolve(message));
	});
	const waiting: ToPlane[] = [];
	let use = (message: ToPlane) => void waiting.push(message);
	hear((message) => message.type !== "begin" && use(message));
	const config = await readConfig(process.env);
	const log = createLog(config.logLevel);
	for (const warning of config.warnings) log.warn({}, warning);
	const { slot, revocations } = await begin;
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
	use = (message) => {
		if (message.type === "drain") void plane.drain().then(() => end("another process took over"));
		else if (message.type === "revoke") {
			plane.revoke(message.revocations);
			tell({ type: "done", id: message.id });
		} else if (message.type === "metrics") {
			const { id } = message;
			void plane.metrics().then((text) => tell({ type: "done", id, text }));
		}
	};
	for (const message of waiting) use(message);
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
}

main().catch((error) => {
	console.error(error instanceof ConfigError ? `The relay's configuration:\n${error.message}` : error);
	process.exit(error instanceof ConfigError ? MISCONFIGURED : 1);
});
