import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { isIP } from "node:net";

/**
 * Short-lived self-signed certificates for `serverCertificateHashes`: the W3C API asks for ECDSA P-256 and at most 14
 * days. Node signs but writes no certificates; these few lines of DER (RFC 5280) write the one form that is needed.
 */

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

/** One DER value: tag, definite length, contents. */
function der(tag: number, ...parts: Uint8Array[]): Buffer {
	const body = Buffer.concat(parts);
	if (body.length < 0x80) return Buffer.concat([Uint8Array.of(tag, body.length), body]);
	const length = body.length < 0x100 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 0xff];
	return Buffer.concat([Uint8Array.of(tag, ...length), body]);
}
const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OID = 0x06;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;

const oid = (...bytes: number[]) => der(OID, Uint8Array.from(bytes));
const ECDSA_WITH_SHA256 = der(SEQUENCE, oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
const COMMON_NAME = oid(0x55, 0x04, 0x03);
const SUBJECT_ALT_NAME = oid(0x55, 0x1d, 0x11);

/** RFC 5280 section 4.1.2.5: two-digit years up to 2049, four digits from then on. */
function time(ms: number): Buffer {
	const digits = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, "");
	return new Date(ms).getUTCFullYear() < 2050
		? der(UTC_TIME, Buffer.from(digits.slice(2)))
		: der(GENERALIZED_TIME, Buffer.from(digits));
}

/** An IP address in network order. */
function ipBytes(host: string): Uint8Array {
	if (isIP(host) === 4) return Uint8Array.from(host.split(".").map(Number));
	const [head = "", tail] = host.split("::");
	const groups = (part: string) => (part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16)));
	const before = groups(head);
	const after = groups(tail ?? "");
	const all = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
	return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}
const generalName = (host: string) => (isIP(host) ? der(0x87, ipBytes(host)) : der(0x82, Buffer.from(host, "ascii")));

const pem = (label: string, bytes: Uint8Array) =>
	`-----BEGIN ${label}-----\n${(
		Buffer.from(bytes)
			.toString("base64")
			.match(/.{1,64}/g) ?? []
	).join("\n")}\n-----END ${label}-----\n`;

/** A fresh key and its certificate for `hosts` (names or IP addresses), valid from an hour before `now`. */
export function makeCertificate(options: { hosts: readonly string[]; days?: number; now?: number }): Certificate {
	const { hosts, days = DEFAULT_DAYS, now = Date.now() } = options;
	if (hosts.length === 0) throw new RangeError("a certificate needs at least one host");
	const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
	const notAfter = Math.floor((now + days * DAY_MS - BACKDATED_MS) / 1000) * 1000;
	const serial = randomBytes(16);
	serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
	const name = der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8_STRING, Buffer.from(hosts[0] ?? "")))));
	const names = der(SEQUENCE, ...hosts.map(generalName));
	const body = der(
		SEQUENCE,
		der(0xa0, der(INTEGER, Uint8Array.of(2))),
		der(INTEGER, serial),
		ECDSA_WITH_SHA256,
		name,
		der(SEQUENCE, time(now - BACKDATED_MS), time(notAfter)),
		name,
		publicKey.export({ type: "spki", format: "der" }),
		der(0xa3, der(SEQUENCE, der(SEQUENCE, SUBJECT_ALT_NAME, der(OCTET_STRING, names)))),
	);
	const signature = sign("sha256", body, privateKey);
	const certificate = der(SEQUENCE, body, ECDSA_WITH_SHA256, der(BIT_STRING, Uint8Array.of(0), signature));
	return {
		certPem: pem("CERTIFICATE", certificate),
		keyPem: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
		sha256: new Uint8Array(createHash("sha256").update(certificate).digest()),
		notAfter,
	};
}
