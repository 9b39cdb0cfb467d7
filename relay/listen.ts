import type { Certificate } from "@mivisus/transport/certificate";
import { FailsServer } from "@mivisus/transport/fails/server";
import { NativeUnavailableError } from "@mivisus/transport/http3/native";
import { Http3Server } from "@mivisus/transport/http3/server";
import type { SessionServer } from "@mivisus/transport/port";
import { type RelayConfig, VARIABLES } from "./config.ts";
import { ConfigError } from "./config-error.ts";
import type { Log } from "./log.ts";

/** The two that carry HTTP/3, the better first. Each rejects with NativeUnavailableError where it does not load. */
export type Backends = Record<"http3" | "fails", () => Promise<SessionServer>>;

function backendsOf({ host, port }: RelayConfig, { certPem, keyPem }: Certificate): Backends {
	const options = { host, port, certPem, keyPem };
	return { http3: () => Http3Server.listen(options), fails: () => FailsServer.listen(options) };
}

/** What to do where a backend was asked for by name and does not load. */
const ADVICE = `run the relay where it loads, or set ${VARIABLES.transport} to auto (the best that loads) or tcp (no UDP at all)`;

/**
 * Listens for sessions over UDP as the setting `transport` says; `undefined` where sessions come over TCP alone. Rejects with
 * ConfigError where the one that is asked for does not load, and with the backend's own error where the port is taken.
 */
export async function listenUdp(
	config: RelayConfig,
	certificate: Certificate,
	log: Log,
	backends: Backends = backendsOf(config, certificate),
): Promise<SessionServer | undefined> {
	const { transport: setting } = config;
	const wanted = { auto: ["http3", "fails"], http3: ["http3"], fails: ["fails"], tcp: [] } as const;
	for (const name of wanted[setting]) {
		try {
			const server = await backends[name]();
			log.info({ setting, transport: name }, "HTTP/3 is served");
			return server;
		} catch (error) {
			if (!(error instanceof NativeUnavailableError)) throw error;
			if (setting !== "auto") {
				throw new ConfigError(
					`transport (${VARIABLES.transport}) is ${setting}, but ${error.message}; or else ${ADVICE}`,
				);
			}
			log.warn({ setting, transport: name, why: error.message }, "HTTP/3 is not available in this way");
		}
	}
	const why = setting === "tcp" ? "as configured" : "because no HTTP/3 loads here";
	log[setting === "tcp" ? "info" : "warn"]({ setting }, `sessions come over TCP alone, ${why}`);
	return undefined;
}
