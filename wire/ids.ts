import { z } from "zod";

/** Opaque id of an account, camera, agent, device or command: 16 random bytes, base64url, 22 characters. */
export const Id = z.string().regex(/^[A-Za-z0-9_-]{22}$/, "an id of 22 base64url characters");

/** A fresh id. */
export function newId(): string {
	return toBase64Url(crypto.getRandomValues(new Uint8Array(16)));
}

/** Bytes as base64url without padding (RFC 4648, section 5). */
export function toBase64Url(bytes: Uint8Array): string {
	let binary = "";
	for (const byte of bytes) binary += String.fromCharCode(byte);
	return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** The opposite; throws RangeError for anything but the one canonical spelling, so that no value has two names. */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
	if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new RangeError("not base64url");
	let binary: string;
	try {
		binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
	} catch {
		throw new RangeError("not base64url");
	}
	const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
	if (toBase64Url(bytes) !== text) throw new RangeError("not canonical base64url");
	return bytes;
}

/** A key or code of exactly `length` bytes, as base64url text. */
export const bytesText = (length: number) =>
	z.string().refine(
		(text) => {
			try {
				return fromBase64Url(text).length === length;
			} catch {
				return false;
			}
		},
		{ error: `${length} bytes as base64url` },
	);
