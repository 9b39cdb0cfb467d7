import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where worker and relay of one machine are and keep what they have. */
export interface Place {
	/** Folder for the database and the secrets. */
	home: string;
	/** What people type. */
	origin: string;
	/** `relayTcp`: without it, nobody is told of the relay's path over TCP. */
	ports: { worker: number; relay: number; relayTcp?: number; control: number };
	/** The mailbox of this machine. */
	mail: MailboxPlace;
	/** The worker runs in Cloudflare's runtime (edge.ts) instead of Node. */
	edge?: boolean;
	/** UDP port at which the relay seems to be, where something stands before it. */
	relaySeenAt?: number;
}

const WEB = fileURLToPath(new URL("../../web/dist", import.meta.url));

/** Where a mailbox takes mails: by SMTP, and as Amazon SES does. */
export interface MailboxPlace {
	smtpUrl: string;
	webOrigin: string;
}
/** How mails leave, by what the runtime can: Cloudflare's has no sockets for SMTP. */
export const mailEnvironment = ({ smtpUrl, webOrigin }: MailboxPlace, edge: boolean): Record<string, string> =>
	edge
		? {
				MIVISUS_MAIL: "ses://eu-west-3",
				MIVISUS_SES_ENDPOINT: webOrigin,
				AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
				AWS_SECRET_ACCESS_KEY: "a secret of this machine",
			}
		: { MIVISUS_MAIL: smtpUrl };

/** The program that is the worker, and its environment (worker/config.ts). */
export const workerProgram = ({ edge }: Place): string => (edge ? "scripts/start/edge.ts" : "worker/main.node.ts");
export const workerEnvironment = ({ home, origin, ports, mail, edge = false, relaySeenAt = ports.relay }: Place) => ({
	MIVISUS_PORT: String(ports.worker),
	MIVISUS_ORIGIN: origin,
	MIVISUS_DATABASE: join(home, "worker.db"),
	MIVISUS_SECRETS: join(home, "secrets"),
	MIVISUS_WEB: WEB,
	MIVISUS_RELAY_URL: `https://localhost:${relaySeenAt}`,
	...(ports.relayTcp !== undefined && { MIVISUS_RELAY_TCP_URL: `ws://localhost:${ports.relayTcp}` }),
	MIVISUS_RELAY_CONTROL: `http://127.0.0.1:${ports.control}`,
	...mailEnvironment(mail, edge),
	MIVISUS_MAIL_FROM: "Mivisus <contact@mivisus.example>",
});

/** The relay's environment (relay/config.ts); it takes the worker's public keys from the folder. */
export const relayEnvironment = ({ home, ports }: Place) => ({
	MIVISUS_RELAY_PORT: String(ports.relay),
	MIVISUS_RELAY_TCP_PORT: String(ports.relayTcp ?? 0),
	MIVISUS_RELAY_ALTERNATE_PORT: "0",
	MIVISUS_RELAY_ALTERNATE_TCP_PORT: "0",
	MIVISUS_RELAY_HTTP_PORT: String(ports.control),
	MIVISUS_RELAY_TOKEN_KEYS: join(home, "secrets/relay-token-keys.json"),
	MIVISUS_RELAY_CONTROL_KEYS: join(home, "secrets/relay-control-keys.json"),
});
