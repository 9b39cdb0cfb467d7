import { z } from "zod";

/** The worker's environment on Node. Every name starts with `MIVISUS_`. */
const Environment = z.object({
	MIVISUS_HOST: z.string().default("127.0.0.1"),
	MIVISUS_PORT: z.coerce.number().int().min(0).max(65535).default(8080),
	/** What people type; default `http://localhost:<port>`. */
	MIVISUS_ORIGIN: z
		.url({ protocol: /^https?$/ })
		.transform((text) => new URL(text).origin)
		.optional(),
	/** Path of the database file. */
	MIVISUS_DATABASE: z.string({ error: "name the database file" }).min(1),
	/** Folder with the keys; made on first use. */
	MIVISUS_SECRETS: z.string({ error: "name the folder with the keys" }).min(1),
	/** Folder with the built page. */
	MIVISUS_WEB: z.string().optional(),
	/** Where browsers and agents find the relay. */
	MIVISUS_RELAY_URL: z
		.url({ protocol: /^https$/, error: "the relay's https URL, e.g. https://relay.mivisus.com:4433" })
		.transform((text) => new URL(text).origin),
	/** Where this worker finds the relay's control side. */
	MIVISUS_RELAY_CONTROL: z.url({ protocol: /^https?$/ }).transform((text) => new URL(text).origin),
	MIVISUS_RELAY_INSTANCE: z.string().default("relay-1"),
	MIVISUS_DEMO_EMAIL: z.string().optional(),
	MIVISUS_DEMO_PASSWORD: z.string().optional(),
	MIVISUS_LOG: z.enum(["debug", "info", "warn", "error"]).default("info"),
});
export type WorkerConfig = z.infer<typeof Environment>;

/** Reads the environment; throws with one line for each thing that is wrong, naming the variable. */
export function readWorkerConfig(env: Record<string, string | undefined>): WorkerConfig {
	const parsed = Environment.safeParse(env);
	if (parsed.success) return parsed.data;
	throw new Error(parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("\n"));
}
