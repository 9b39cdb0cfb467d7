import "reflect-metadata";
import { createHash } from "node:crypto";
import { isIP } from "node:net";
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from "@peculiar/x509";

/** A certificate, its key, and what a page pins. */
export interface Certificate {
	certPem: string;
	keyPem: string;
	/** SHA-256 of the DER form. */
	sha256: Uint8Array;
	/** ms since 1970. */
	notAfter: number;
}

const DAY_MS = 86_400_000;
/** A day below the API's limit, for clocks that differ. */
const DEFAULT_DAYS = 13;
/** Valid from a little earlier, for the same reason; counts towards the 14 days. */
const BACKDATED_MS = 3_600_000;
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

const pem = (label: string, der: ArrayBuffer) =>
	`-----BEGIN ${label}-----\n${Buffer.from(der)
		.toString("base64")
		.replace(/.{64}(?=.)/g, "$&\n")}\n-----END ${label}-----\n`;

/**
 * A fresh key and its self-signed certificate for `hosts` (names or IP addresses), valid from an hour before `now`, ms
 * since 1970. Short-lived and on P-256, as `serverCertificateHashes` asks (W3C WebTransport, "custom certificate
 * requirements": ECDSA P-256, at most 14 days).
 */
export async function makeCertificate(options: {
	hosts: readonly string[];
	days?: number;
	now?: number;
}): Promise<Certificate> {
	const { hosts, days = DEFAULT_DAYS, now = Date.now() } = options;
	const [first] = hosts;
	if (first === undefined) throw new RangeError("a certificate needs at least one host");
	const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
	const notAfter = new Date(Math.floor((now + days * DAY_MS - BACKDATED_MS) / 1000) * 1000);
	const names = hosts.map((value) => ({ type: isIP(value) ? ("ip" as const) : ("dns" as const), value }));
	const certificate = await X509CertificateGenerator.createSelfSigned({
		name: [{ CN: [first] }],
		notBefore: new Date(now - BACKDATED_MS),
		notAfter,
		keys,
		signingAlgorithm: ALGORITHM,
		extensions: [new SubjectAlternativeNameExtension(names)],
	});
	return {
		certPem: pem("CERTIFICATE", certificate.rawData),
		keyPem: pem("PRIVATE KEY", await crypto.subtle.exportKey("pkcs8", keys.privateKey)),
		sha256: new Uint8Array(createHash("sha256").update(Buffer.from(certificate.rawData)).digest()),
		notAfter: notAfter.getTime(),
	};
}
