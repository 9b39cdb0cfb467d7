import { displayPath, hostText } from "@mivisus/wire/address";
import { CameraAccess, type StreamAddress } from "@mivisus/wire/signed";
import { MAX_PATH_LENGTH } from "./discovery/limits.ts";
import type { CameraFaultCode } from "./rtsp/errors.ts";
import { parseRtspUrl } from "./rtsp/url.ts";

/** A camera's address, user and password as a person typed them. */
export interface Typed {
	/** With or without `rtsp://`, with or without port, path, user and password. */
	address: string;
	user?: string | undefined;
	password?: string | undefined;
	/** `rtsps`: SHA-256 of the camera's certificate, as a person compared it; colons and capitals do not matter. */
	certificate?: string | undefined;
}
/**
 * What was typed, understood; `look` says in words what the person should look at once more. `fault`: it was the camera that
 * said no.
 */
export type Read =
	| { ok: true; access: CameraAccess; look?: string }
	| { ok: false; problem: string; fault?: CameraFaultCode };

/** Understands what was typed. User and password in their own fields are taken as they are (R01), and win. Never throws. */
export function readTyped({ address, user, password, certificate }: Typed): Read {
	const text = address.trim();
	const parsed = parseRtspUrl(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `rtsp://${text}`);
	if (!parsed.ok) return { ok: false, problem: `${parsed.problem}.` };
	const { scheme, host, port, path, user: inUrl, password: secret } = parsed.access;
	const known = { user: user || inUrl, password: password || secret?.reveal() };
	const fingerprint = certificate?.replace(/[\s:]/g, "").toLowerCase();
	if (fingerprint !== undefined && !/^[0-9a-f]{64}$/.test(fingerprint))
		return { ok: false, problem: "The fingerprint of a certificate is 64 hexadecimal digits (SHA-256)." };
	const access = CameraAccess.safeParse({
		v: 1,
		url: { scheme, host, port, path },
		...(fingerprint && { certificate: fingerprint }),
		...(known.user && { user: known.user }),
		...(known.password && { password: known.password }),
	});
	if (!access.success) return { ok: false, problem: "The address, the user or the password is too long." };
	return { ok: true, access: access.data, ...(parsed.ambiguous !== undefined && { look: parsed.ambiguous }) };
}

/** What may be shown and stored of an address outside of this agent (policy 02.3). Where marks make it longer, it is cut. */
export const shownAddress = (url: StreamAddress): StreamAddress => ({
	...url,
	path: displayPath(url.path).slice(0, MAX_PATH_LENGTH),
});

/** An address as a person reads it. */
export function addressText(url: StreamAddress): string {
	return `${url.scheme}://${hostText(url.host)}:${url.port}${displayPath(url.path)}`;
}

/** Takes a password out of a text, in each form in which a camera might send it back. */
export function hiding({ user = "", password = "" }: Pick<CameraAccess, "user" | "password">) {
	const forms = [
		password,
		encodeURIComponent(password),
		encodeURI(password),
		Buffer.from(`${user}:${password}`).toString("base64"),
		Buffer.from(password).toString("base64").replace(/=+$/, ""),
	];
	const longestFirst = [...new Set(forms)].filter((form) => form !== "").sort((a, b) => b.length - a.length);
	return (text: string): string => (password === "" ? text : longestFirst.reduce(strike, text));
}
const strike = (text: string, form: string) => text.replaceAll(form, "***");
