import { z } from "zod";
import { parseEmail } from "./accounts/email.ts";
import { passwordProblem } from "./passwords/strength.ts";

const LOOPBACK = /^http:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:|$)/;
/** https, or plain http on this machine only (policy 05.2); gives the origin. */
const secureOrigin = (what: string) =>
	z
		.url({ protocol: /^https?$/, error: `${what}, e.g. https://mivisus.com` })
		.transform((text) => new URL(text).origin)
		.refine((origin) => origin.startsWith("https:") || LOOPBACK.test(origin), {
			error: "plain http is for this machine only; use https",
		});

/** What every runtime is told. Every name of ours starts with `MIVISUS_`. */
const common = {
	/** Where browsers and agents find the relay. */
	MIVISUS_RELAY_URL: z
		.url({ protocol: /^https$/, error: "the relay's https URL, e.g. https://relay.mivisus.com:4433" })
		.transform((text) => new URL(text).origin),
	/** The same over TCP, for networks that block UDP; without it those have no pictures. */
	MIVISUS_RELAY_TCP_URL: z
		.url({ protocol: /^wss?$/, error: "the relay's address over TCP, e.g. wss://relay.mivisus.com:4433" })
		.transform((text) => `${new URL(text).protocol}//${new URL(text).host}`)
		.refine((url) => url.startsWith("wss:") || LOOPBACK.test(url.replace(/^ws:/, "http:")), {
			error: "ws:// is for this machine only; use wss://",
		})
		.optional(),
	/** Where this worker finds the relay's control side. */
	MIVISUS_RELAY_CONTROL: secureOrigin("the relay's control side"),
	MIVISUS_RELAY_INSTANCE: z.string().default("relay-1"),
	/** A confirmed account to try things with; made once. */
	MIVISUS_DEMO_EMAIL: z
		.string()
		.refine((email) => parseEmail(email) !== undefined, { error: "not an e-mail address" })
		.optional(),
	MIVISUS_DEMO_PASSWORD: z
		.string()
		.refine((password) => passwordProblem(password) === undefined, {
			error: "12 to 256 characters, not a common one",
		})
		.optional(),
	/** Sender, e.g. `Mivisus <contact@mivisus.com>`. */
	MIVISUS_MAIL_FROM: z
		.string({ error: "the sender of mails, e.g. Mivisus <contact@mivisus.com>" })
		.refine((from) => parseEmail(/^[^<>\r\n]*<([^<>]+)>$/.exec(from)?.[1] ?? from) !== undefined, {
			error: "the sender of mails, e.g. Mivisus <contact@mivisus.com>",
		}),
	/** Instead of Amazon's own address for SES. */
	MIVISUS_SES_ENDPOINT: secureOrigin("the address of the SES interface").optional(),
	AWS_ACCESS_KEY_ID: z.string().optional(),
	AWS_SECRET_ACCESS_KEY: z.string().optional(),
	AWS_SESSION_TOKEN: z.string().optional(),
	/**
	 * Where data is kept, as copies of data state it: `eu-west-3` as the policy promises (05.1), or `self-hosted`, with a place
	 * after a colon if you like. Any other region would make the policy untrue.
	 */
	MIVISUS_REGION: z
		.string()
		.regex(/^(eu-west-3|self-hosted(: [^\r\n]{1,80})?)$/, "eu-west-3, or self-hosted: and the place")
		.default("self-hosted"),
	/** Each answer says what runs the worker. For tests: it is nobody else's business. */
	MIVISUS_TELL_RUNTIME: z.literal("1").optional(),
};
const hasSesKeys = (env: {
	MIVISUS_MAIL: string;
	AWS_ACCESS_KEY_ID?: string | undefined;
	AWS_SECRET_ACCESS_KEY?: string | undefined;
}) => !env.MIVISUS_MAIL.startsWith("ses:") || Boolean(env.AWS_ACCESS_KEY_ID && env.AWS_SECRET_ACCESS_KEY);
const sesKeysMissing = {
	path: ["AWS_ACCESS_KEY_ID"],
	error: "SES needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
};

/** The environment of a process: Node and Deno. */
const Environment = z
	.object({
		...common,
		MIVISUS_HOST: z.string().default("127.0.0.1"),
		MIVISUS_PORT: z.coerce.number().int().min(0).max(65535).default(8080),
		/** What people type; default `http://localhost:<port>`. */
		MIVISUS_ORIGIN: secureOrigin("the origin that people type").optional(),
		/**
		 * How many of our own proxies stand in front and append to X-Forwarded-For. With 0 that header is not believed; with too
		 * few, all people share one limit on attempts.
		 */
		MIVISUS_PROXIES: z.coerce
			.number({ error: "how many of your own proxies stand in front, 0 to 5" })
			.int()
			.min(0)
			.max(5)
			.default(0),
		/** Path of the database file. */
		MIVISUS_DATABASE: z.string({ error: "name the database file" }).min(1),
		/**
		 * The ledger of erasures; default beside the database, with `.erasures` behind its name. Keep it out of the database's
		 * backups: after a restore, what stands in it is erased again.
		 */
		MIVISUS_ERASURES: z.string().min(1).optional(),
		/** Folder with the keys; made on first use. */
		MIVISUS_SECRETS: z.string({ error: "name the folder with the keys" }).min(1),
		/** Folder with the built page. */
		MIVISUS_WEB: z.string().optional(),
		/**
		 * How mails leave: `smtps://user:password@host:465`, `smtp://host:587` (which must offer TLS unless it is on this machine),
		 * or `ses://eu-west-3` with the keys of Amazon's usual variables.
		 */
		MIVISUS_MAIL: z.url({
			protocol: /^(smtps?|ses)$/,
			error: "how mails leave: smtps://user:password@host:465, smtp://host:587 or ses://eu-west-3",
		}),
		MIVISUS_LOG: z.enum(["debug", "info", "warn", "error"]).default("info"),
	})
	.refine(hasSesKeys, sesKeysMissing);
export type WorkerConfig = z.infer<typeof Environment>;

/** The variables and secrets of a Worker on Cloudflare's runtime (wrangler.toml); it has no files and no sockets. */
const EdgeEnvironment = z
	.object({
		...common,
		MIVISUS_ORIGIN: secureOrigin("the origin that people type"),
		/** Secret: the text of `worker.json`, made by `npm run keys`. */
		MIVISUS_KEYS: z.string({ error: "the secret with the keys: npm run keys makes it" }).min(1),
		MIVISUS_DATABASE_URL: z
			.url({ protocol: /^(libsql|https?)$/, error: "the libSQL server, e.g. libsql://mivisus.example.net" })
			.refine((url) => !url.startsWith("http:") || LOOPBACK.test(url), {
				error: "plain http is for this machine only; use libsql or https",
			}),
		/** Secret. */
		MIVISUS_DATABASE_TOKEN: z.string({ error: "the secret with the database's token" }).min(1),
		MIVISUS_MAIL: z.url({ protocol: /^ses$/, error: "how mails leave: ses://eu-west-3" }),
		/** What MIVISUS_TELL_RUNTIME tells: the runtime does not know its own version. */
		MIVISUS_RUNTIME: z.string().optional(),
	})
	.refine(hasSesKeys, sesKeysMissing);
export type EdgeConfig = z.infer<typeof EdgeEnvironment>;

/** Parses an environment; throws with one line for each thing that is wrong, naming the variable and never a value. */
function parse<T>(schema: z.ZodType<T>, env: Record<string, unknown>): T {
	const parsed = schema.safeParse(env);
	if (parsed.success) return parsed.data;
	throw new Error(parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("\n"));
}
export const readWorkerConfig = (env: Record<string, string | undefined>): WorkerConfig => parse(Environment, env);
export const readEdgeConfig = (env: Record<string, unknown>): EdgeConfig => parse(EdgeEnvironment, env);

/** The relay that a configuration names. */
export const relayOf = (config: WorkerConfig | EdgeConfig) => ({
	url: config.MIVISUS_RELAY_URL,
	tcpUrl: config.MIVISUS_RELAY_TCP_URL,
	control: config.MIVISUS_RELAY_CONTROL,
	instance: config.MIVISUS_RELAY_INSTANCE,
});
/** The account to try things with, if the configuration names one. */
export function demoOf({ MIVISUS_DEMO_EMAIL, MIVISUS_DEMO_PASSWORD: password }: WorkerConfig | EdgeConfig) {
	const email = parseEmail(MIVISUS_DEMO_EMAIL ?? "");
	return email && password ? { email, fullName: "Demo", password, language: "en" as const } : undefined;
}
