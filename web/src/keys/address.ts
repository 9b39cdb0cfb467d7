import { hostText } from "@mivisus/wire/address";
import type { Address } from "../api/answers.ts";

/** What a typed or pasted camera address says. */
export interface TypedAddress {
	address: Address;
	user?: string;
	password?: string;
}

const DEFAULT_PORT = { rtsp: 554, rtsps: 322 } as const;
/** A name, an IPv4 address, or an IPv6 address in brackets; then perhaps a port, a path, a query. */
const PLACE = /^(\[[0-9a-fA-F:.]+\]|[^\s/@:?#[\]]+)(?::(\d{1,5}))?([/?][^\s]*)?$/;

/** Escapes as a URL has them; text that is not escaped validly is taken as it stands. */
function unescaped(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}

function place(text: string, scheme: Address["scheme"]): Address | undefined {
	const [, host, port, path = ""] = PLACE.exec(text) ?? [];
	if (!host || host.length > 253 || path.length > 1000) return undefined;
	const number = port === undefined ? DEFAULT_PORT[scheme] : Number(port);
	if (number < 1 || number > 65535) return undefined;
	const bare = host.replace(/^\[|\]$/g, "");
	return { scheme, host: bare, port: number, path: path === "" ? "/" : path.startsWith("?") ? `/${path}` : path };
}

/**
 * Reads a camera address as people have it: `192.168.1.20`, `cam.local:8554/live`, or a whole `rtsp://` URL, also one
 * whose password holds `@`, `/` or `#` unescaped. The last `@` that a host follows ends the password.
 */
export function parseAddress(text: string): TypedAddress | undefined {
	const [, wished, rest = ""] = /^\s*(?:(rtsps?):\/\/)?(.*?)\s*$/i.exec(text) ?? [];
	const scheme = wished?.toLowerCase() === "rtsps" ? "rtsps" : "rtsp";
	if (/^[a-z][a-z0-9+.-]*:\/\//i.test(rest)) return undefined;
	const whole = place(rest, scheme);
	if (whole) return { address: whole };
	for (let at = rest.lastIndexOf("@"); at > 0; at = rest.lastIndexOf("@", at - 1)) {
		const address = place(rest.slice(at + 1), scheme);
		const credentials = rest.slice(0, at);
		const colon = credentials.indexOf(":");
		if (!address || (colon < 0 && credentials.includes("/"))) continue;
		const user = unescaped(colon < 0 ? credentials : credentials.slice(0, colon));
		return { address, user, ...(colon >= 0 && { password: unescaped(credentials.slice(colon + 1)) }) };
	}
	return undefined;
}

/** As a person would type it, without credentials. */
export function formatAddress({ scheme, host, port, path }: Address): string {
	const suffix = port === DEFAULT_PORT[scheme] ? "" : `:${port}`;
	return `${scheme}://${hostText(host)}${suffix}${path}`;
}
