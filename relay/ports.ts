import { createSocket } from "node:dgram";
import { type RelayConfig, VARIABLES } from "./config.ts";
import { ConfigError } from "./config-error.ts";

/** An address to listen at, and the settings that chose it. */
interface Listening {
	protocol: "UDP" | "TCP";
	host: string;
	port: number;
	settings: { host: keyof typeof VARIABLES; port: keyof typeof VARIABLES };
}

/** The three places where a relay listens. */
export function placesOf(config: RelayConfig): Record<"control" | "tcp" | "udp", Listening> {
	const { host, port, tcpHost, tcpPort, httpHost, httpPort } = config;
	return {
		control: { protocol: "TCP", host: httpHost, port: httpPort, settings: { host: "httpHost", port: "httpPort" } },
		tcp: { protocol: "TCP", host: tcpHost, port: tcpPort, settings: { host: "tcpHost", port: "tcpPort" } },
		udp: { protocol: "UDP", host, port, settings: { host: "host", port: "port" } },
	};
}

const named = (setting: keyof typeof VARIABLES) => `${setting} (${VARIABLES[setting]})`;

/**
 * Why `where` cannot be listened at, in words. A port that is taken may be free again in a moment, so that one is worth
 * another try; what only a person can change is a ConfigError.
 */
export function portError(error: unknown, { protocol, host, port, settings }: Listening): Error {
	const { code } = error as NodeJS.ErrnoException;
	const at = `${named(settings.port)}: ${protocol} port ${port}`;
	if (code === "EADDRINUSE") {
		return new Error(`${at} is taken: end the program that has it, or choose another port`, { cause: error });
	}
	if (code === "EACCES") {
		return new ConfigError(
			`${at} may not be opened by this user: choose one from 1024 on, or give Node the right (CAP_NET_BIND_SERVICE)`,
		);
	}
	if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN" || code === "EINVAL") {
		return new ConfigError(
			`${named(settings.host)}: ${host} is no address of this machine: give one that is, or :: for all`,
		);
	}
	if (code === "EAFNOSUPPORT") {
		return new ConfigError(`${named(settings.host)}: this machine has no IPv6: give 0.0.0.0 instead of ${host}`);
	}
	return error as Error;
}

/** The same for HTTP/3, whose native part tells no code: the system is asked again, with a socket that does. */
export async function udpError(error: unknown, where: Listening): Promise<Error> {
	const refused = await new Promise<unknown>((resolve) => {
		const socket = createSocket(where.host.includes(":") ? "udp6" : "udp4");
		socket.once("error", (reason) => {
			socket.close();
			resolve(reason);
		});
		socket.bind(where.port, where.host, () => socket.close(() => resolve(undefined)));
	});
	return refused ? portError(refused, where) : (error as Error);
}
