import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { wallClock } from "./privacy.ts";

function isZone(name: string): boolean {
	try {
		wallClock(name);
		return true;
	} catch {
		return false;
	}
}

/** `agent.json` in the agent's folder: what a person may set by hand. Cameras never stand here; they arrive sealed. */
export const AgentConfig = z.strictObject({
	/** Origin of the service, e.g. `https://mivisus.com`. */
	origin: z
		.url({ protocol: /^https?$/, error: "must be an address like https://mivisus.com" })
		.transform((text, ctx) => {
			const url = new URL(text);
			const loopback = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
			if (url.protocol === "http:" && !loopback) {
				ctx.addIssue({ code: "custom", message: "plain http is allowed to this machine only; use https" });
			}
			return url.origin;
		}),
	/** Shown to the owner beside the agent's cameras. */
	name: z.string().trim().min(1).max(80).default("Mivisus agent"),
	/** How cameras are asked for media: `auto` tries TCP first and UDP where TCP is refused. */
	rtspTransport: z.enum(["auto", "tcp", "udp"], { error: "must be auto, tcp or udp" }).default("auto"),
	/** Whether the service is asked once a day for the agent's latest version; it is only told, never installed. */
	updateCheck: z.boolean().default(false),
	/** Port of the agent's own page on this machine; 0 is a free one. */
	pagePort: z.coerce
		.number({ error: "must be a port" })
		.int({ error: "must be a port" })
		.min(0, { error: "must be a port" })
		.max(65535, { error: "must be a port" })
		.default(0),
	/** The house's time zone (IANA name), by which the privacy switches go; this machine's unless given. */
	timeZone: z.string().refine(isZone, { error: "must be a time zone like Europe/Paris" }).optional(),
	logLevel: z.enum(["debug", "info", "warn", "error"]).default("info"),
});
export type AgentConfig = z.infer<typeof AgentConfig>;

/** The command line's names of settings. */
const FLAGS: Record<string, string> = {
	origin: "--origin",
	name: "--name",
	rtspTransport: "--transport",
	pagePort: "--page-port",
};

/** Where the agent that a Linux machine runs as a service keeps its things (systemd: StateDirectory). */
export const SYSTEM_HOME = "/var/lib/mivisus-agent";

/** What was wrong with the configuration, in words, with the file's name. */
export class ConfigError extends Error {
	override name = "ConfigError";
}

/** The agent's folder: `--home`, else `$MIVISUS_AGENT_HOME`, else the platform's place for state. */
export function agentHome(flag: string | undefined, env: NodeJS.ProcessEnv): string {
	if (flag) return flag;
	if (env["MIVISUS_AGENT_HOME"]) return env["MIVISUS_AGENT_HOME"];
	if (process.platform === "win32")
		return join(env["LOCALAPPDATA"] ?? join(homedir(), "AppData", "Local"), "Mivisus Agent");
	if (process.platform === "darwin") return join(homedir(), "Library", "Application Support", "Mivisus Agent");
	// The agent of a machine, not of a person: where its service keeps it.
	if (process.getuid?.() === 0 && !env["XDG_STATE_HOME"]) return SYSTEM_HOME;
	return join(env["XDG_STATE_HOME"] ?? join(homedir(), ".local", "state"), "mivisus-agent");
}

/** Reads `<home>/agent.json`; `origin` given on the command line wins. Throws ConfigError. */
export function readConfig(
	home: string,
	overrides: {
		origin?: string | undefined;
		name?: string | undefined;
		rtspTransport?: string | undefined;
		pagePort?: string | undefined;
	},
): AgentConfig {
	const path = join(home, "agent.json");
	let raw: unknown = {};
	try {
		raw = JSON.parse(readFileSync(path, "utf8"));
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
			throw new ConfigError(`${path} is not readable JSON: ${(error as Error).message}`);
		}
	}
	if (typeof raw !== "object" || raw === null || Array.isArray(raw))
		throw new ConfigError(`${path} must hold one JSON object`);
	const given = Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
	const merged = { ...raw, ...given };
	if (!("origin" in merged)) {
		throw new ConfigError(
			`No service is named. Give --origin https://…, or write {"origin": "https://…"} into ${path}.`,
		);
	}
	const parsed = AgentConfig.safeParse(merged);
	if (!parsed.success) {
		const faults = parsed.error.issues.map(({ path: [key], message }) => {
			if (key === undefined) return `${path}: ${message}`;
			return String(key) in given ? `${FLAGS[String(key)]}: ${message}` : `${path}: "${String(key)}": ${message}`;
		});
		throw new ConfigError(faults.join("\n"));
	}
	return parsed.data;
}
