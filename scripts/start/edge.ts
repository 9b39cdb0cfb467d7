/**
 * The worker in Cloudflare's runtime (workerd) on this machine, over a libSQL server on this machine that keeps the same
 * database file. Takes the environment of worker/main.node.ts, but mails leave by SES. For `npm start -- --edge` and tests.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { Miniflare, Response } from "miniflare";
import { readWorkerConfig } from "../../worker/config.ts";
import { openSecrets } from "../../worker/platform/secrets.node.ts";
import { HranaEndpoint } from "../../worker/store/testing/hrana.ts";
import { bundleWorker, WRANGLER } from "./edge-bundle.ts";
import { LIKE_PRODUCTION } from "./edge-limits.ts";

const CRON_MS = 60_000;

process.umask(0o077);
const config = readWorkerConfig(process.env);
await openSecrets(config.MIVISUS_SECRETS);
const token = crypto.randomUUID();
const database = await HranaEndpoint.start({ file: resolve(config.MIVISUS_DATABASE), token });

/** workerd is named after the day that it knows: 1.20260426.1. */
const { version } = createRequire(import.meta.url)("workerd/package.json") as { version: string };
const [, year, month, day] = /^\d+\.(\d{4})(\d\d)(\d\d)/.exec(version) ?? [];

const passed = Object.entries(process.env).filter(
	([name]) =>
		/^(MIVISUS_(RELAY|DEMO|MAIL|SES|TELL)|AWS_)/.test(name) || name === "MIVISUS_ORIGIN" || name === "MIVISUS_RUNTIME",
) as [string, string][];
const web = config.MIVISUS_WEB;
const miniflare = new Miniflare({
	host: config.MIVISUS_HOST,
	port: config.MIVISUS_PORT,
	// Cloudflare's description of the caller would be fetched from Cloudflare.
	cf: false,
	modules: [
		{ type: "ESModule", path: "main.workers.js", contents: LIKE_PRODUCTION + readFileSync(bundleWorker(), "utf8") },
	],
	compatibilityDate: WRANGLER.compatibilityDate,
	compatibilityFlags: [...WRANGLER.compatibilityFlags],
	bindings: {
		MIVISUS_ORIGIN: `http://localhost:${config.MIVISUS_PORT}`,
		...Object.fromEntries(passed),
		MIVISUS_DATABASE_URL: database.url,
		MIVISUS_DATABASE_TOKEN: token,
		MIVISUS_KEYS: readFileSync(join(config.MIVISUS_SECRETS, "worker.json"), "utf8"),
		MIVISUS_RUNTIME: `${year}-${month}-${day}`,
	},
	...(web
		? {
				assets: {
					directory: resolve(web),
					binding: "ASSETS",
					routerConfig: { invoke_user_worker_ahead_of_assets: true, has_user_worker: true },
					assetConfig: { html_handling: "none", not_found_handling: "none" },
				},
			}
		: { serviceBindings: { ASSETS: () => new Response(null, { status: 404 }) } }),
});
await miniflare.ready;
const worker = await miniflare.getWorker();
/** What Cloudflare's clock would do. */
const trigger = (cron: string) => void worker.scheduled({ cron }).catch(() => {});
trigger("7 * * * *");
trigger("* * * * *");
let minutes = 0;
const clock = setInterval(() => {
	minutes += 1;
	trigger(minutes % 60 === 0 ? "7 * * * *" : "* * * * *");
}, CRON_MS);
process.stdout.write(
	`${JSON.stringify({ level: "info", port: config.MIVISUS_PORT, msg: "worker is listening", runtime: "workerd" })}\n`,
);

let ending = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
	// Miniflare's own listener ends this process at once, in the middle of whatever is being answered.
	process.removeAllListeners(signal);
	process.on(signal, () => {
		if (ending) return;
		ending = true;
		clearInterval(clock);
		void miniflare
			.dispose()
			.then(() => database.close())
			.then(() => process.exit(0));
	});
}
