/** The worker on Node: the reference deployment (decision 0007). Configuration in the environment, see config.ts. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { serve } from "@hono/node-server";
import { getConnInfo } from "@hono/node-server/conninfo";
import { serveStatic } from "@hono/node-server/serve-static";
import pino from "pino";
import { parseEmail } from "./accounts/email.ts";
import { assemble } from "./assemble.ts";
import { readWorkerConfig, type WorkerConfig } from "./config.ts";
import { mailerOf } from "./platform/mailer.node.ts";
import { openSecrets } from "./platform/secrets.node.ts";
import { FileDatabase } from "./store/file-database.ts";
import { sweep } from "./store/housekeeping.ts";

/** How often the relay is asked whether it missed a revocation, ms: it may have restarted. */
const REVOCATION_CHECK_MS = 5000;

function configuration(): WorkerConfig {
	try {
		return readWorkerConfig(process.env);
	} catch (error) {
		process.stderr.write(`The worker's configuration is wrong.\n${(error as Error).message}\n`);
		process.exit(78);
	}
}

// Keys and personal data are written here: nobody else on the machine may read them.
process.umask(0o077);
const config = configuration();
// The database holds what people trust us with: no other user of the machine reads it.
process.umask(0o077);
const log = pino({ level: config.MIVISUS_LOG, base: { program: "worker" } });
const after = (ms: number, run: () => void) => {
	const timer = setTimeout(run, ms);
	return () => clearTimeout(timer);
};
const database = await FileDatabase.open(`file:${resolve(config.MIVISUS_DATABASE)}`);
const origin = config.MIVISUS_ORIGIN ?? `http://localhost:${config.MIVISUS_PORT}`;
const mailer = mailerOf(config);
const { app, accounts, revocations, outbox } = assemble({
	database,
	secrets: await openSecrets(config.MIVISUS_SECRETS),
	origin,
	relay: {
		url: config.MIVISUS_RELAY_URL,
		control: config.MIVISUS_RELAY_CONTROL,
		instance: config.MIVISUS_RELAY_INSTANCE,
	},
	clock: { now: Date.now },
	after,
	addressOf: (c) => {
		// Only what our own proxies appended is believed; what stands before it is the client's invention.
		const forwarded = c.req.header("x-forwarded-for")?.split(",") ?? [];
		const told = config.MIVISUS_PROXIES > 0 ? forwarded.at(-config.MIVISUS_PROXIES)?.trim() : undefined;
		return told ?? getConnInfo(c).remote.address ?? "";
	},
	// A message may quote what a person sent; the stack's first own line says where to look.
	onFault: (error, correlation) =>
		log.error({ correlation, name: error.name, at: error.stack?.split("\n")[1]?.trim() }, "a request failed"),
	mailer,
	onMail: (event) => {
		if (event.what === "sent") log.info({ subject: event.subject }, "a mail was sent");
		else if (event.what === "broken") log.error({ name: event.error.name }, "the outbox cannot be worked on");
		else {
			const { what: _, ...told } = event;
			log[event.dead ? "error" : "warn"](told, event.dead ? "a mail could not be sent" : "a mail has to wait");
		}
	},
});
const { MIVISUS_DEMO_EMAIL: demoEmail, MIVISUS_DEMO_PASSWORD: password } = config;
const email = demoEmail ? parseEmail(demoEmail) : undefined;
if (email && password) await accounts.ensureConfirmed({ email, fullName: "Demo", password, language: "en" });

/** A path segment that begins with a dot, encoded or not; `.well-known` (RFC 8615) is public by its meaning. */
const HIDDEN = /(?:\/|%2f)(?:\.|%2e)(?!well-known\/)/i;
if (config.MIVISUS_WEB) {
	const root = config.MIVISUS_WEB;
	if (!existsSync(join(root, "index.html"))) log.warn("the page is not built: run npm run build:web");
	// Names of built files carry a hash of their content; the page itself must always be the newest.
	const cache = (path: string) => (path.includes("/assets/") ? "public, max-age=31536000, immutable" : "no-cache");
	// The build makes no such files; an operator's folder may hold some that are nobody's business.
	app.use("*", (c, next) =>
		HIDDEN.test(c.req.path) ? Promise.resolve(c.text("There is no such file.", 404)) : next(),
	);
	app.use("*", serveStatic({ root, onFound: (path, c) => void c.header("Cache-Control", cache(path)) }));
	// A file of an older build that is gone must not come as a page: the browser would take it for a script.
	app.get("/assets/*", (c) => c.text("There is no such file.", 404));
	app.get(
		"*",
		serveStatic({ root, path: "index.html", onFound: (_, c) => void c.header("Cache-Control", "no-cache") }),
	);
}
const server = serve({ fetch: app.fetch, hostname: config.MIVISUS_HOST, port: config.MIVISUS_PORT }, ({ port }) => {
	log.info({ port, origin }, "worker is listening");
});
server.on("error", (error: NodeJS.ErrnoException) => {
	const taken = error.code === "EADDRINUSE";
	process.stderr.write(
		taken ? `Port ${config.MIVISUS_PORT} is taken. Set MIVISUS_PORT to another.\n` : `${error.message}\n`,
	);
	process.exit(1);
});
await sweep(database, Date.now());
const hourly = setInterval(() => {
	sweep(database, Date.now()).catch((error: Error) => log.error({ name: error.name }, "what ran out was not removed"));
}, 3_600_000);
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
		// Long polls hang for 25 s otherwise.
		if ("closeAllConnections" in server) server.closeAllConnections();
		void outbox
			.close()
			.then(() => database.close())
			.then(() => process.exit(0));
	});
}
