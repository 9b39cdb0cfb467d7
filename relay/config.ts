import { importVerificationKeys, type VerificationKeys } from "@mivisus/wire/token";
import { z } from "zod";
import { ConfigError, nearest } from "./config-error.ts";
import { readJson, readPair } from "./config-files.ts";
import { DEFAULT_MEMORY_MIB, MIN_MEMORY_MIB } from "./limits.ts";

/**
 * The relay's configuration: a JSON file named by `MIVISUS_RELAY_CONFIG`, overridden by single variables. It holds no
 * secret but the path of a TLS key.
 */

const PORT = "give a port from 0 to 65535; 0 takes a free one";
const port = z.coerce.number({ error: PORT }).int(PORT).min(0, PORT).max(65535, PORT);
const Fields = z.strictObject({
	/** Name of this data plane; tokens name it as their audience. */
	instance: z.string().min(1).max(100).default("relay-1"),
	/** What carries HTTP/3: the best that loads, one by name (decisions 0002 and 0017), or nothing. TCP is served in any case. */
	transport: z.enum(["auto", "http3", "fails", "tcp"]).default("auto"),
	/** Address for WebTransport (UDP); `::` takes IPv4 as well. */
	host: z.string().min(1).default("::"),
	port: port.default(4433),
	/** The second set of ports, by default the next numbers: a new process listens there while the old one is left. */
	alternatePort: port.optional(),
	alternateTcpPort: port.optional(),
	/** Address for sessions over TCP; by default that of UDP, or this machine alone where there is no certificate. */
	tcpHost: z.string().min(1).optional(),
	tcpPort: port.optional(),
	/** Address for `/healthz` and `/revocations`; keep it on this machine or behind TLS. */
	httpHost: z.string().min(1).default("127.0.0.1"),
	httpPort: port.default(4480),
	/** File with the JWK set of public keys that sign relay tokens. */
	tokenKeys: z.string({ error: "name the file with the public keys that sign relay tokens" }).min(1),
	/** File with the JWK set of public keys that sign calls to `/revocations`. */
	controlKeys: z.string({ error: "name the file with the public keys that sign revocations" }).min(1),
	/** PEM files. Without them a certificate is made at start and its hash is told at `/healthz`. */
	certificate: z.string().min(1).optional(),
	certificateKey: z.string().min(1).optional(),
	/** Names and addresses in a certificate made at start. */
	hosts: z
		.union([z.array(z.string().min(1)), z.string().transform((text) => text.split(",").map((part) => part.trim()))])
		.pipe(z.array(z.string().min(1)).min(1).max(16))
		.default(["localhost", "127.0.0.1", "::1"]),
	/** Memory that this relay may use, MiB (memory.ts says for what). */
	memoryMiB: z.coerce
		.number({ error: "give a number of MiB, like 2048" })
		.int("give a whole number of MiB, like 2048")
		.min(MIN_MEMORY_MIB, `give at least ${MIN_MEMORY_MIB} (MiB): with less the relay holds nobody`)
		.default(DEFAULT_MEMORY_MIB),
	logLevel: z.enum(["debug", "info", "warn", "error"]).default("info"),
});
type Fields = z.infer<typeof Fields>;

/** Each field's variable. */
export const VARIABLES: Record<keyof Fields, string> = {
	instance: "MIVISUS_RELAY_INSTANCE",
	transport: "MIVISUS_RELAY_TRANSPORT",
	host: "MIVISUS_RELAY_HOST",
	port: "MIVISUS_RELAY_PORT",
	alternatePort: "MIVISUS_RELAY_ALTERNATE_PORT",
	alternateTcpPort: "MIVISUS_RELAY_ALTERNATE_TCP_PORT",
	tcpHost: "MIVISUS_RELAY_TCP_HOST",
	tcpPort: "MIVISUS_RELAY_TCP_PORT",
	httpHost: "MIVISUS_RELAY_HTTP_HOST",
	httpPort: "MIVISUS_RELAY_HTTP_PORT",
	tokenKeys: "MIVISUS_RELAY_TOKEN_KEYS",
	controlKeys: "MIVISUS_RELAY_CONTROL_KEYS",
	certificate: "MIVISUS_RELAY_CERTIFICATE",
	certificateKey: "MIVISUS_RELAY_CERTIFICATE_KEY",
	hosts: "MIVISUS_RELAY_HOSTS",
	memoryMiB: "MIVISUS_RELAY_MEMORY_MIB",
	logLevel: "MIVISUS_RELAY_LOG",
};

const LOOPBACK: readonly [string, ...string[]] = ["127.0.0.1", "::1", "localhost"];

/** The configuration with its files read. */
export interface RelayConfig extends Omit<Fields, "tokenKeys" | "controlKeys" | "certificate" | "certificateKey"> {
	tcpHost: string;
	tcpPort: number;
	alternatePort: number;
	alternateTcpPort: number;
	tokenKeys: VerificationKeys;
	controlKeys: VerificationKeys;
	/** As given; `undefined` when one is to be made at start. */
	certificate: { certPem: string; keyPem: string } | undefined;
	/** Where it was read from. */
	certificateFiles: string[];
	/** What works and should be changed all the same, in words. */
	warnings: readonly string[];
}

async function readKeys(path: string, what: string): Promise<VerificationKeys> {
	const json = readJson(path, what);
	try {
		return await importVerificationKeys(json);
	} catch (error) {
		throw new ConfigError(`${what}: ${path}: ${(error as Error).message}`);
	}
}

/** Where the plane of a slot listens, and its name: a token is for one plane. */
export const placeOf = (config: RelayConfig, slot: 0 | 1): Pick<RelayConfig, "instance" | "port" | "tcpPort"> =>
	slot === 0
		? { instance: config.instance, port: config.port, tcpPort: config.tcpPort }
		: { instance: `${config.instance}.1`, port: config.alternatePort, tcpPort: config.alternateTcpPort };

/** Settings of this relay alone: with no more letters changed, a variable is a mistyped one. */
const MISTYPED_VARIABLE = 2;
const PREFIX = "MIVISUS_RELAY_";

/** A mistyped variable would be no setting at all, and nobody would say so. Other programs have some with this prefix. */
function refuseMistyped(env: NodeJS.ProcessEnv): void {
	const known = [...Object.values(VARIABLES), "MIVISUS_RELAY_CONFIG"];
	for (const name of Object.keys(env)) {
		if (!name.startsWith(PREFIX) || known.includes(name)) continue;
		const meant = nearest(name, known, MISTYPED_VARIABLE);
		if (meant) throw new ConfigError(`${name}: there is no such variable: write ${meant}, or remove it`);
	}
}
function inWords(issue: z.core.$ZodIssue): string {
	const settings = Object.keys(VARIABLES);
	if (issue.code === "unrecognized_keys") {
		const words = issue.keys.map((key) => {
			const meant = nearest(key, settings, Math.max(2, Math.floor(key.length / 3)));
			return `${key}: there is no such setting: ${meant ? `write ${meant}, or remove it` : `the settings are ${settings.join(", ")}`}`;
		});
		return words.join("\n");
	}
	const variable = VARIABLES[issue.path[0] as keyof Fields];
	return `${issue.path.join(".") || "configuration"}${variable ? ` (${variable})` : ""}: ${issue.message}`;
}

/** Reads the configuration. Throws ConfigError, which says what to change. `nowMs`: wall clock, for the certificate. */
export async function readConfig(env: NodeJS.ProcessEnv, nowMs = Date.now()): Promise<RelayConfig> {
	refuseMistyped(env);
	const file = env["MIVISUS_RELAY_CONFIG"];
	const fromFile = file ? readJson(file, "MIVISUS_RELAY_CONFIG") : {};
	if (typeof fromFile !== "object" || fromFile === null || Array.isArray(fromFile)) {
		throw new ConfigError(`MIVISUS_RELAY_CONFIG: ${file} must hold one JSON object, like { "port": 4433 }`);
	}
	const merged: Record<string, unknown> = { ...fromFile };
	for (const [field, variable] of Object.entries(VARIABLES)) {
		if (env[variable]) merged[field] = env[variable];
	}
	const parsed = Fields.safeParse(merged);
	if (!parsed.success) throw new ConfigError(parsed.error.issues.map(inWords).join("\n"));
	const { tokenKeys, controlKeys, certificate, certificateKey, ...rest } = parsed.data;
	if ((certificate === undefined) !== (certificateKey === undefined)) {
		throw new ConfigError("certificate and certificateKey belong together: give both, or neither to have one made");
	}
	const tcpHost = rest.tcpHost ?? (certificate ? rest.host : LOOPBACK[0]);
	if (!certificate && !LOOPBACK.includes(tcpHost)) {
		throw new ConfigError(
			`tcpHost (${VARIABLES.tcpHost}): sessions over TCP without a certificate are for this machine alone; ` +
				`give a certificate and its key, or one of ${LOOPBACK.join(", ")}`,
		);
	}
	const tcpPort = rest.tcpPort ?? rest.port;
	/** 0 is any free one, and so is the number after it. */
	const after = (first: number) => (first === 0 ? 0 : first + 1);
	const alternatePort = rest.alternatePort ?? after(rest.port);
	const alternateTcpPort = rest.alternateTcpPort ?? after(tcpPort);
	for (const [name, first, second] of [
		["alternatePort", rest.port, alternatePort],
		["alternateTcpPort", tcpPort, alternateTcpPort],
	] as const) {
		if (second > 65_535 || (first !== 0 && first === second)) {
			throw new ConfigError(`${name} (${VARIABLES[name]}): give a port of its own, up to 65535, not ${second}`);
		}
	}
	if (tcpPort === rest.httpPort && tcpPort !== 0) {
		throw new ConfigError(
			`httpPort (${VARIABLES.httpPort}): TCP port ${tcpPort} is already that of sessions ` +
				`(${VARIABLES.tcpPort}, or ${VARIABLES.port} where it is not given): choose another for one of them`,
		);
	}
	const read =
		certificate && certificateKey
			? readPair(
					{ path: certificate, what: VARIABLES.certificate },
					{ path: certificateKey, what: VARIABLES.certificateKey },
					nowMs,
				)
			: undefined;
	return {
		...rest,
		tcpHost,
		tcpPort,
		alternatePort,
		alternateTcpPort,
		certificateFiles: certificate && certificateKey ? [certificate, certificateKey] : [],
		tokenKeys: await readKeys(tokenKeys, VARIABLES.tokenKeys),
		controlKeys: await readKeys(controlKeys, VARIABLES.controlKeys),
		certificate: read?.pair,
		warnings: read?.warnings ?? [],
	};
}
