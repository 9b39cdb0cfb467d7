import type { Session } from "../../port.ts";
import { loadLibrary } from "../native.ts";
import { LIMITS } from "../server.ts";
import { FailsSession } from "../session.ts";

/** Opens a session to `url` by the library's client over HTTP/2. For tests: agents and pages connect otherwise. */
export async function connectFails(url: URL, certificateHash: Uint8Array): Promise<Session> {
	const { WebTransport } = await loadLibrary();
	const client = new WebTransport(url.href, {
		...LIMITS,
		initialBidirectionalSendStreams: LIMITS.initialBidirectionalStreams,
		initialUnidirectionalSendStreams: LIMITS.initialUnidirectionalStreams,
		forceReliable: true,
		serverCertificateHashes: [{ algorithm: "sha-256", value: certificateHash }],
	});
	return new Promise((resolve, reject) => {
		client.ready.catch(reject);
		client.closed.catch(reject);
		client.sessionint.setSessionObj = (native) => {
			const { pathname: path, searchParams: query } = url;
			const session = new FailsSession(native, { path, query, remoteAddress: undefined, server: false });
			session.ready.then(() => resolve(session), reject);
		};
	});
}
