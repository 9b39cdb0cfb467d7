import type { Session } from "../port.ts";
import { sessionWithin } from "../within.ts";
import { loadNative } from "./native.ts";
import { Http3Session } from "./session.ts";

/** How to trust the server: by the hashes of its certificates (SHA-256 of the DER bytes), else by the system's roots. */
export interface Http3ClientOptions {
	certificateHashes?: readonly Uint8Array[];
	timeoutMs?: number;
}

/** How long a server may take to answer, ms. The addon itself waits for minutes where a certificate is not the pinned one. */
const CONNECT_TIMEOUT_MS = 8000;

/** Opens a session to `url` (https). Rejects when the server cannot be reached, is not trusted, or refuses. */
export async function connectHttp3(
	url: URL,
	{ certificateHashes = [], timeoutMs = CONNECT_TIMEOUT_MS }: Http3ClientOptions = {},
): Promise<Session> {
	const { NapiClient } = loadNative();
	const client =
		certificateHashes.length > 0
			? NapiClient.withCertificateHashes(certificateHashes.map((hash) => Buffer.from(hash)))
			: NapiClient.withSystemRoots();
	const late = () => new Error(`no answer within ${timeoutMs / 1000} s, or a certificate that is not the expected one`);
	try {
		const opening = client.connect(url.href).then((native) => new Http3Session(native, url));
		return await sessionWithin(timeoutMs, opening, late);
	} catch (cause) {
		// The URL carries the relay token: only the host may stand in an error.
		throw new Error(`no WebTransport session with ${url.host}: ${redact(cause, url)}`);
	}
}

function redact(cause: unknown, url: URL): string {
	return String((cause as Error).message)
		.replaceAll(url.href, url.origin)
		.replaceAll(url.search, "");
}
