/** What the worker is as a process with a database file, on Node and on Deno. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Context } from "hono";
import pino from "pino";
import { assemble } from "./assemble.ts";
import { demoOf, readWorkerConfig, relayOf, type WorkerConfig } from "./config.ts";
import { recipientsOf } from "./data-map/recipients.ts";
import { nameOf, tellJobs, tellOperator } from "./http/operator.ts";
import { type Files, servePages } from "./http/pages.ts";
import { runJobs } from "./jobs.ts";
import { ledgerFile } from "./platform/ledger.node.ts";
import { mailerOf } from "./platform/mailer.node.ts";
import { after } from "./platform/node.ts";
import { openSecrets } from "./platform/secrets.node.ts";
import { FileDatabase } from "./store/file-database.ts";

/** How often the relay is asked whether it missed a revocation, ms: it may have restarted. */
const REVOCATION_CHECK_MS = 5000;

/** What differs between Node and Deno. */
export interface ProcessRuntime {
	/** Name and version, e.g. `node/20.20.2`. */
	name: string;
	/** The address at the other end of the connection. */
	peerOf(c: Context): string | undefined;
	/** Serves files from the folder `root`. */
	files(root: string): Files;
	/** Serves; resolves with the port, and with how to end at once, long polls included. Rejects when the port is taken. */
	listen(
		fetch: (request: Request, env: never) => Response | Promise<Response>,
		at: { hostname: string; port: number },
	): Promise<{ port: number; close(): void }>;
}

function configuration(): WorkerConfig {
	try {
		return readWorkerConfig(process.env);
	} catch (error) {
		process.stderr.write(`The worker's configuration is wrong.\n${(error as Error).message}\n`);
		process.exit(78);
	}
}

/** Runs the worker until it is asked to end. Configuration in the environment, see config.ts. */
export async function runWorker(runtime: ProcessRuntime): Promise<void> {
	// Keys and personal data are written here: nobody else on the machine may read them.
	process.umask(0o077);
	const config = configuration();
	const log = pino({ level: config.MIVISUS_LOG, base: { program: "worker" } });
	const file = resolve(config.MIVISUS_DATABASE);
	const database = await FileDatabase.open(`file:${file}`).catch((error: Error) => {
		process.stderr.write(`${file}: ${error.message}\n`);
		process.exit(1);
	});
	if (!config.MIVISUS_ORIGIN)
		log.warn("MIVISUS_ORIGIN is not set: links in mails lead to localhost, and pages work on this machine only");
	const origin = config.MIVISUS_ORIGIN ?? `http://localhost:${config.MIVISUS_PORT}`;
	const clock = { now: Date.now };
	const { app, accounts, revocations, outbox, erasure } = assemble({
		database,
		secrets: await openSecrets(config.MIVISUS_SECRETS, (made) =>
			log.warn({ made }, "there were no keys, so new ones were made: a relay with other keys believes nobody"),
		),
		origin,
		relay: relayOf(config),
		clock,
		ledgerFile: ledgerFile(config.MIVISUS_ERASURES ?? `${file}.erasures`),
		after,
		addressOf: (c) => {
			// Only what our own proxies appended is believed; what stands before it is the client's invention.
			const forwarded = c.req.header("x-forwarded-for")?.split(",") ?? [];
			const told = config.MIVISUS_PROXIES > 0 ? forwarded.at(-config.MIVISUS_PROXIES)?.trim() : undefined;
			return told ?? runtime.peerOf(c) ?? "";
		},
		mailer: mailerOf(config),
		region: config.MIVISUS_REGION,
		recipients: recipientsOf({ mail: config.MIVISUS_MAIL }),
		...tellOperator(log),
		runtime: config.MIVISUS_TELL_RUNTIME && runtime.name,
	});
	// Before anybody is served: a restored backup must not bring an erased account back (goal D5).
	const again = await erasure.replay(true).catch((error: Error) => {
		process.stderr.write(`Erased accounts could not be erased again: ${error.message}\n`);
		process.exit(1);
	});
	if (again > 0) log.warn({ accounts: again }, "erased again what a restored database had brought back");
	const demo = demoOf(config);
	if (demo) await accounts.ensureConfirmed(demo);
	if (config.MIVISUS_WEB) {
		if (!existsSync(join(config.MIVISUS_WEB, "index.html"))) log.warn("the page is not built: run npm run build:web");
		servePages(app, runtime.files(config.MIVISUS_WEB));
	}
	const server = await runtime
		.listen(app.fetch, { hostname: config.MIVISUS_HOST, port: config.MIVISUS_PORT })
		.catch((error: NodeJS.ErrnoException) => {
			const taken = error.code === "EADDRINUSE";
			process.stderr.write(
				taken ? `Port ${config.MIVISUS_PORT} is taken. Set MIVISUS_PORT to another.\n` : `${error.message}\n`,
			);
			process.exit(1);
		});
	log.info({ port: server.port, origin }, "worker is listening");
	// A disk that is full must not keep the worker from starting: what only reads works.
	const jobsNow = () =>
		runJobs(database, accounts, erasure, clock)
			.then((done) => tellJobs(log, done))
			.catch((error: Error) => log.error(nameOf(error), "the hour's jobs failed"));
	await jobsNow();
	const hourly = setInterval(jobsNow, 3_600_000);
	revocations.poke();
	outbox.poke();
	const check = setInterval(() => revocations.poke(), REVOCATION_CHECK_MS);

	let ending = false;
	for (const signal of ["SIGINT", "SIGTERM"] as const) {
		process.on(signal, () => {
			if (ending) return;
			ending = true;
			clearInterval(check);
			clearInterval(hourly);
			revocations.close();
			server.close();
			void outbox
				.close()
				.then(() => database.close())
				.then(() => process.exit(0));
		});
	}
}
