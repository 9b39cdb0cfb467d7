import { BlockList, isIP } from "node:net";
import type { StreamAddress } from "@mivisus/wire/signed";
import { parseRtspUrl } from "../rtsp/url.ts";
import { MAX_PATH_LENGTH } from "./limits.ts";

/** Where a camera answers questions over HTTP. */
export interface ServiceAddress {
	scheme: "http" | "https";
	/** Name, IPv4, or IPv6 without brackets; a link-local one with its zone, as in `fe80::1%eth0`. */
	host: string;
	port: number;
	/** With leading slash, query included. */
	path: string;
}

const PRIVATE = new BlockList();
for (const [net, bits] of [
	["10.0.0.0", 8],
	["172.16.0.0", 12],
	["192.168.0.0", 16],
	["169.254.0.0", 16],
	["127.0.0.0", 8],
] as const) {
	PRIVATE.addSubnet(net, bits);
}
PRIVATE.addSubnet("fe80::", 10, "ipv6");
PRIVATE.addSubnet("fc00::", 7, "ipv6");
PRIVATE.addAddress("::1", "ipv6");

const withoutZone = (host: string) => host.replace(/%.*$/, "");

/**
 * Whether `host` is an address (never a name) of a private network: RFC 1918, RFC 3927 (link-local), RFC 4193 (unique
 * local), or this machine itself.
 */
export function isPrivateAddress(host: string): boolean {
	const address = withoutZone(host).replace(/^::ffff:(?=\d+\.)/i, "");
	const family = isIP(address);
	return family > 0 && PRIVATE.check(address, family === 4 ? "ipv4" : "ipv6");
}

/** Whether `host` only means something together with an interface. */
export const isLinkLocalV6 = (host: string): boolean => /^fe[89ab]/i.test(host) && isIP(withoutZone(host)) === 6;

/** The same host, in whatever way its address is written; a zone does not count. */
export function sameHost(a: string, b: string): boolean {
	const plain = (host: string) => {
		const text = withoutZone(host.replace(/^\[|\]$/g, "")).toLowerCase();
		// The URL parser writes an IPv6 address in its shortest form.
		return isIP(text) === 6 ? new URL(`http://[${text}]`).hostname : text;
	};
	return plain(a) === plain(b);
}

/**
 * An HTTP address that a camera named, at the camera's own address `at`. What it names on another host is never followed:
 * the camera may stand behind a router, have kept an old address, or want to make us ask somebody else. Then path and
 * scheme are the camera's and the port is the one we reach it by; for the camera's own host its port counts, too.
 * Undefined for what is no HTTP address. Never throws.
 */
export function serviceAt(named: string, at: { host: string; port?: number | undefined }): ServiceAddress | undefined {
	const url = parseHttp(named);
	if (!url) return undefined;
	const scheme = url.protocol === "https:" ? "https" : "http";
	const path = `${url.pathname}${url.search}`;
	if (path.length > MAX_PATH_LENGTH) return undefined;
	const own = url.port === "" ? (scheme === "https" ? 443 : 80) : Number(url.port);
	const port = sameHost(url.hostname, at.host) ? own : (at.port ?? own);
	return port > 0 ? { scheme, host: at.host, port, path } : undefined;
}

/**
 * A zone (`[fe80::1%eth0]`) has no place in a URL; cameras write it all the same. A text of a length that no address has
 * is none: it is not searched.
 */
const zoneless = (named: string) =>
	named
		.slice(0, 2 * MAX_PATH_LENGTH + 1)
		.trim()
		.replace(/^(\w+:\/\/[^/]*\[[^\]/%]*)%[^\]/]*\]/, "$1]");

/** Host of an HTTP address that a camera named. */
export const hostOf = (named: string): string | undefined => parseHttp(named)?.hostname;

function parseHttp(named: string): URL | undefined {
	const text = zoneless(named);
	if (!URL.canParse(text)) return undefined;
	const url = new URL(text);
	return url.protocol === "http:" || url.protocol === "https:" ? url : undefined;
}

/**
 * The address of a stream that a camera named, at the camera's own address; by the same rule as {@link serviceAt}. A user
 * and a password in it are dropped: the owner's count. Undefined for what is no RTSP address. Never throws.
 */
export function streamAt(named: string, host: string): StreamAddress | undefined {
	const parsed = parseRtspUrl(zoneless(named));
	if (!parsed.ok) return undefined;
	const { scheme, port, path } = parsed.access;
	return path.length > MAX_PATH_LENGTH ? undefined : { scheme, host, port, path };
}
