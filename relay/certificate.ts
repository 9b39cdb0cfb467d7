import { createHash, X509Certificate } from "node:crypto";
import type { Certificate } from "@mivisus/transport/certificate";

/** A certificate given as PEM files; the first of a chain is the server's own. */
export function certificateOf({ certPem, keyPem }: { certPem: string; keyPem: string }): Certificate {
	const own = new X509Certificate(certPem);
	return {
		certPem,
		keyPem,
		sha256: new Uint8Array(createHash("sha256").update(own.raw).digest()),
		notAfter: Date.parse(own.validTo),
	};
}
