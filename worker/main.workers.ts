/**
 * The worker on Cloudflare Workers (wrangler.toml, docs/guide/deploy.md). What is special here: a request may be ended as
 * soon as it is answered or its caller hangs up, and one request must not wait for, nor touch, what belongs to another.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { ExecutionContext, ExportedHandler, Fetcher, Request as WorkersRequest } from "@cloudflare/workers-types";
import { assemble, type Worker } from "./assemble.ts";
import { demoOf, type EdgeConfig, readEdgeConfig, relayOf } from "./config.ts";
import { recipientsOf } from "./data-map/recipients.ts";
import { type Log, tellJobs, tellOperator } from "./http/operator.ts";
import { type Files, servePages } from "./http/pages.ts";
import { runJobs } from "./jobs.ts";
import type { Kdf } from "./passwords/passwords.ts";
import { after, nodeKdf } from "./platform/node.ts";
import { parseSecrets, useSecrets } from "./platform/secrets.ts";
import { sesMailerOf } from "./platform/ses.ts";
import { RemoteDatabase } from "./store/remote-database.ts";

/** Of wrangler.toml: what ran out is removed each hour. The other trigger comes each minute. */
const SWEEP_CRON = "7 * * * *";
/** Within the minute of a trigger the relay is asked, and mails are tried again, as often as on Node, ms. */
const ROUND_MS = 5000;
const ROUNDS = 11;
/** What else has come in gets so long between two hashes, ms. */
const BREATH_MS = 10;
/** News made in another isolate is found by looking again, ms. */
const LOOK_AGAIN_MS = 2000;

interface Bindings {
	ASSETS: Fetcher;
}
interface Instance extends Worker {
	database: RemoteDatabase;
}

/** Cloudflare keeps no such lines unless its logs are switched on; `wrangler tail` shows them. */
const line = (level: string) => (fields: object, msg: string) =>
	console.log(JSON.stringify({ level, time: Date.now(), program: "worker", ...fields, msg }));
const log: Log = { info: line("info"), warn: line("warn"), error: line("error") };

const contexts = new AsyncLocalStorage<ExecutionContext>();

/**
 * While scrypt runs, nothing else of the isolate does. Without a breath between two hashes, answers of the database wait
 * until they count as lost, and nobody learns that there are too many sign-ins.
 */
const kdf: Kdf = async (...work) => {
	await new Promise((resolve) => setTimeout(resolve, BREATH_MS));
	return nodeKdf(...work);
};

/** The built page's files, from the binding. */
const assets =
	({ ASSETS }: Bindings): Files =>
	({ path, onFound }) =>
	async (c, next) => {
		if (!["GET", "HEAD"].includes(c.req.method)) return next();
		const url = new URL(path === undefined ? c.req.path : `/${path}`, c.req.url);
		const found = await ASSETS.fetch(url.href, { method: c.req.method, headers: c.req.header() });
		if (found.status !== 200 && found.status !== 304) return next();
		onFound(url.pathname, c);
		const headers = Object.fromEntries([...found.headers].filter(([name]) => name !== "cache-control"));
		return c.newResponse(found.body as unknown as ReadableStream | null, found.status, headers);
	};

async function make(bindings: Bindings, config: EdgeConfig): Promise<Instance> {
	const database = new RemoteDatabase({ url: config.MIVISUS_DATABASE_URL, authToken: config.MIVISUS_DATABASE_TOKEN });
	const worker = assemble({
		database,
		secrets: await useSecrets(parseSecrets(config.MIVISUS_KEYS, "MIVISUS_KEYS")),
		origin: config.MIVISUS_ORIGIN,
		relay: relayOf(config),
		clock: { now: Date.now },
		after,
		kdf,
		// Cloudflare sets it, and replaces what a caller wrote there.
		addressOf: (c) => c.req.header("cf-connecting-ip") ?? "",
		mailer: sesMailerOf(config),
		region: config.MIVISUS_REGION,
		recipients: recipientsOf({ mail: config.MIVISUS_MAIL, database: config.MIVISUS_DATABASE_URL, edge: true }),
		...tellOperator(log),
		keep: (work) => contexts.getStore()?.waitUntil(work),
		lookAgainMs: LOOK_AGAIN_MS,
		runtime: config.MIVISUS_TELL_RUNTIME && `workerd/${config.MIVISUS_RUNTIME ?? "unknown"}`,
	});
	servePages(worker.app, assets(bindings));
	return { ...worker, database };
}

let instance: Instance | undefined;
let migrated = false;

/** Not a promise is kept for the next request but what came of it: a request that is ended never settles its promises. */
async function ready(env: Bindings): Promise<Instance> {
	const config = readEdgeConfig({ ...env });
	if (!instance) {
		const made = await make(env, config);
		instance ??= made;
	}
	const { database, accounts, erasure } = instance;
	if (!migrated) {
		try {
			await database.migrate();
			// Before anybody is served by this isolate: a restored database must not bring an erased account back (goal D5).
			await erasure.replay();
			const demo = demoOf(config);
			if (demo) await accounts.ensureConfirmed(demo);
			migrated = true;
		} catch (error) {
			// The page is served all the same; what needs the database says so itself.
			log.error({ name: (error as Error).name }, "the database cannot be brought up to date");
		}
	}
	return instance;
}

async function answer(request: WorkersRequest, env: Bindings, ctx: ExecutionContext): Promise<Response> {
	try {
		const { app } = await ready(env);
		return await app.fetch(request as unknown as Request, env, ctx as never);
	} catch (error) {
		log.error({ problem: (error as Error).message }, "the worker's configuration is wrong");
		return new Response("The service is not set up yet.", {
			status: 500,
			headers: { "Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff" },
		});
	}
}

export default {
	fetch: (request, env, ctx) =>
		contexts.run(ctx, () => {
			const answered = answer(request, env, ctx);
			// Goes on when the caller hangs up: what it holds (a transaction, a place at the hash) is given back in order.
			ctx.waitUntil(answered);
			return answered as never;
		}),
	scheduled: (controller, env, ctx) =>
		contexts.run(ctx, async () => {
			const { database, accounts, revocations, outbox, erasure } = await ready(env);
			if (controller.cron === SWEEP_CRON) {
				tellJobs(log, await runJobs(database, accounts, erasure, { now: Date.now }));
				return;
			}
			for (let round = 1; round <= ROUNDS; round++) {
				await revocations.push().catch((error: Error) => log.warn({ name: error.name }, "the relay cannot be told"));
				await outbox
					.sendDue()
					.catch((error: Error) => log.error({ name: error.name }, "the outbox cannot be worked on"));
				if (round < ROUNDS) await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
			}
		}),
} satisfies ExportedHandler<Bindings>;
