import { connectHttp3 } from "@mivisus/transport/http3/client";
import type { Session } from "@mivisus/transport/port";
import { race } from "@mivisus/transport/race";
import { connectTcp } from "@mivisus/transport/tcp/client";
import { fromBase64Url } from "@mivisus/wire/ids";
import type { RelayAccess } from "../worker-client.ts";

/** How long the relay may take to answer, ms: short, because a restarting relay answers the next try. */
const CONNECT_TIMEOUT_MS = 3000;
/** For so long TCP goes first after it won, ms; then the network may be another one, and UDP is better where it is open. */
const REMEMBERED_MS = 600_000;

/** How to reach the relay: over HTTP/3, and over TCP where UDP is blocked. Remembers which way led there. */
export class Reach {
	#now: () => number;
	#tcpFirstUntilMs = 0;

	/** `now`: ms since 1970. */
	constructor(now: () => number) {
		this.#now = now;
	}
	/** Opens a session with the relay that the access names. Rejects where no way leads there, or when `signal` aborts. */
	async connect({ url, tcpUrl, token, certificateHashes }: RelayAccess, signal: AbortSignal): Promise<Session> {
		const withToken = (place: string) => {
			const target = new URL(place);
			target.searchParams.set("jwt", token);
			return target;
		};
		const hashes = certificateHashes.map(fromBase64Url);
		const http3 = {
			connect: () => connectHttp3(withToken(url), { certificateHashes: hashes, timeoutMs: CONNECT_TIMEOUT_MS }),
		};
		const tcp = tcpUrl && {
			connect: (gone: AbortSignal) => connectTcp(withToken(tcpUrl), { timeoutMs: CONNECT_TIMEOUT_MS, signal: gone }),
		};
		const tcpFirst = this.#now() < this.#tcpFirstUntilMs;
		const ways = tcp ? (tcpFirst ? [tcp, http3] : [http3, tcp]) : [http3];
		const { value: session } = await race<Session>(ways, (late) => late.close(0, ""), { signal });
		if (session.transport === "tcp" && !tcpFirst) this.#tcpFirstUntilMs = this.#now() + REMEMBERED_MS;
		return session;
	}
}
