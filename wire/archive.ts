import { CompactSign, compactVerify, decodeProtectedHeader, errors } from "jose";
import { z } from "zod";
import { toBase64Url } from "./ids.ts";
import type { SigningKey, VerificationKeys } from "./token.ts";

/**
 * The archive that a person gets of their data: a ZIP with `manifest.json`, which names every other file with its SHA-256,
 * and `manifest.jws`, a JWS over the manifest's bytes with the payload left out (RFC 7515, appendix F). Who trusts the
 * service's key can trust the archive, wherever it has been since.
 */

/** Changes when an old reader would misread a new archive. */
export const ARCHIVE_VERSION = 1;
export const MANIFEST = "manifest.json";
export const SIGNATURE = "manifest.jws";
const ALGORITHM = "EdDSA";
/** A manifest of more is none of ours. */
export const MAX_MANIFEST_BYTES = 1 << 20;

const count = z.number().int().nonnegative();
export const Manifest = z.object({
	format: z.literal("mivisus-export"),
	version: z.literal(ARCHIVE_VERSION),
	/** ISO 8601, UTC. */
	createdAt: z.iso.datetime(),
	/** Origin of the service that made it. */
	service: z.url(),
	/** Where the service keeps data. */
	region: z.string(),
	controller: z.object({ name: z.string(), contact: z.string(), country: z.string() }),
	language: z.enum(["en", "fr"]),
	/** Every file but the manifest and its signature, in the archive's order. */
	files: z
		.array(
			z.object({
				path: z.string().regex(/^[a-z][\w./-]{0,100}$/i),
				bytes: count,
				/** SHA-256, base64url. */
				sha256: z.string().regex(/^[\w-]{43}$/),
				/** Of files that hold rows. */
				rows: count.optional(),
			}),
		)
		.max(200),
});
export type Manifest = z.infer<typeof Manifest>;

/** What a signature is for: one over a manifest is none over a receipt. */
export type Signed = "mivisus-archive" | "mivisus-receipt";

/** Signs `bytes`; resolves with the compact JWS without its payload. */
export async function signDetached(type: Signed, bytes: Uint8Array, { kid, key }: SigningKey): Promise<string> {
	const jws = await new CompactSign(bytes).setProtectedHeader({ alg: ALGORITHM, kid, typ: type }).sign(key);
	const [header, , signature] = jws.split(".");
	return `${header}..${signature}`;
}

/** Why an archive or a receipt is not what it says. `path`: the file it is about. */
export class ArchiveError extends Error {
	override name = "ArchiveError";
	readonly reason:
		| "not-an-archive"
		| "newer-version"
		| "unknown-key"
		| "bad-signature"
		| "missing-file"
		| "extra-file"
		| "changed-file";
	readonly path: string | undefined;
	constructor(reason: ArchiveError["reason"], path?: string) {
		super(path === undefined ? reason : `${reason}: ${path}`);
		this.reason = reason;
		this.path = path;
	}
}

/** Checks the signature over `bytes`; resolves with the name of the key. Rejects with ArchiveError. */
export async function verifyDetached(
	type: Signed,
	bytes: Uint8Array,
	jws: string,
	keys: VerificationKeys,
): Promise<string> {
	const [header, payload, signature, ...rest] = jws.trim().split(".");
	if (!header || payload !== "" || !signature || rest.length > 0) throw new ArchiveError("bad-signature");
	try {
		const { kid, typ } = decodeProtectedHeader(jws.trim());
		if (typ !== type) throw new ArchiveError("bad-signature");
		const key = keys.get(kid ?? "");
		if (!key) throw new ArchiveError("unknown-key");
		await compactVerify(`${header}.${toBase64Url(bytes)}.${signature}`, key, { algorithms: [ALGORITHM] });
		return kid ?? "";
	} catch (error) {
		if (error instanceof errors.JOSEError || error instanceof TypeError) throw new ArchiveError("bad-signature");
		throw error;
	}
}

/** An opened ZIP, read file by file. */
export interface OpenArchive {
	/** Paths of its files, folders left out; a path that stands twice stands here twice. */
	paths: readonly string[];
	/** The bytes of a small file; rejects or throws when there are more than `limit`. */
	read(path: string, limit: number): Promise<Uint8Array>;
	/** SHA-256, base64url, and number of bytes of a file. */
	digest(path: string): Promise<{ sha256: string; bytes: number }>;
}

/**
 * Holds an archive against its manifest, and that against the service's keys: every file as it was made, none missing, none
 * added. Resolves with the manifest; rejects with ArchiveError.
 */
export async function verifyArchive(
	archive: OpenArchive,
	keys: VerificationKeys,
): Promise<{ manifest: Manifest; kid: string }> {
	if (!archive.paths.includes(MANIFEST) || !archive.paths.includes(SIGNATURE)) throw new ArchiveError("not-an-archive");
	const bytes = await archive.read(MANIFEST, MAX_MANIFEST_BYTES);
	const jws = new TextDecoder().decode(await archive.read(SIGNATURE, MAX_MANIFEST_BYTES));
	const kid = await verifyDetached("mivisus-archive", bytes, jws, keys);
	const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
	const parsed = Manifest.safeParse(json);
	if (!parsed.success) throw new ArchiveError("newer-version");
	const named = new Set([MANIFEST, SIGNATURE]);
	for (const { path, sha256, bytes: size } of parsed.data.files) {
		named.add(path);
		if (!archive.paths.includes(path)) throw new ArchiveError("missing-file", path);
		const found = await archive.digest(path);
		if (found.sha256 !== sha256 || found.bytes !== size) throw new ArchiveError("changed-file", path);
	}
	const extra = archive.paths.find((path, at) => !named.has(path) || archive.paths.indexOf(path) !== at);
	if (extra !== undefined) throw new ArchiveError("extra-file", extra);
	return { manifest: parsed.data, kid };
}

/** SHA-256 with WebCrypto, for files that fit into memory. */
export async function sha256Of(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
	return toBase64Url(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}
