import { inspect } from "node:util";

/** A password in memory. It cannot be printed, serialised or joined into a text by mistake; `reveal` is the one way out. */
export class Secret {
	#value: string;
	constructor(value: string) {
		this.#value = value;
	}
	reveal(): string {
		return this.#value;
	}
	toString(): string {
		return "[secret]";
	}
	toJSON(): string {
		return "[secret]";
	}
	[Symbol.toPrimitive](): string {
		return "[secret]";
	}
	[inspect.custom](): string {
		return "[secret]";
	}
}

/** How to reach a camera, each part by itself, exactly as typed (R01): nothing here is percent-decoded later. */
export interface RtspAccess {
	scheme: "rtsp" | "rtsps";
	/** Name, IPv4, or IPv6 without brackets; a link-local one with its zone, as in `fe80::1%eth0`. */
	host: string;
	port: number;
	/** With leading slash, query included; may be empty. */
	path: string;
	user?: string | undefined;
	password?: Secret | undefined;
	/** The host was found, not given by the owner: the password never goes there in clear. */
	digestOnly?: boolean | undefined;
}

/** A pasted address, taken apart; `ambiguous` says in words what the person should look at. */
export type ParsedUrl = { ok: true; access: RtspAccess; ambiguous?: string } | { ok: false; problem: string };

const DEFAULT_PORT = { rtsp: 554, rtsps: 322 } as const;
const HOST = /^(\[[0-9A-Fa-f:.]+\]|[^\s[\]:/?#@]+)(?::(\d{1,5}))?$/;

/**
 * Takes an address apart that a person pasted. User and password end at the last `@` before the host, whatever they
 * contain; only well-formed `%HH` is decoded. Never throws.
 */
export function parseRtspUrl(text: string): ParsedUrl {
	const match = /^(rtsps?):\/\/(.+)$/is.exec(text.trim());
	if (!match) return { ok: false, problem: "The address must begin with rtsp:// or rtsps://" };
	const scheme = match[1]!.toLowerCase() as RtspAccess["scheme"];
	const rest = match[2]!;
	const split = splitUserinfo(rest);
	if (!split) return { ok: false, problem: "The address has no readable host after rtsp://" };
	const { userinfo, authority, path } = split;
	const [, host, portText] = HOST.exec(authority)!;
	const port = portText === undefined ? DEFAULT_PORT[scheme] : Number(portText);
	if (port < 1 || port > 65535) return { ok: false, problem: "The port must be between 1 and 65535" };
	const access: RtspAccess = { scheme, host: host!.replace(/^\[|\]$/g, ""), port, path };
	if (userinfo === undefined) return { ok: true, access };
	const colon = userinfo.indexOf(":");
	const user = decodeWellFormed(colon < 0 ? userinfo : userinfo.slice(0, colon));
	access.user = user.text;
	const password = colon < 0 ? undefined : decodeWellFormed(userinfo.slice(colon + 1));
	if (password) access.password = new Secret(password.text);
	if (user.decoded || password?.decoded) {
		return { ok: true, access, ambiguous: "The user or password contained %; please check them in their own fields." };
	}
	if (split.several) {
		return { ok: true, access, ambiguous: "The address contains several @; please check user, password and host." };
	}
	return { ok: true, access };
}

function splitUserinfo(rest: string) {
	const candidates: { userinfo: string | undefined; authority: string; path: string }[] = [];
	const consider = (userinfo: string | undefined, tail: string) => {
		const end = tail.search(/[/?#]/);
		const authority = end < 0 ? tail : tail.slice(0, end);
		const path = end < 0 ? "" : tail.slice(end);
		if (HOST.test(authority)) candidates.push({ userinfo, authority, path: path.startsWith("?") ? `/${path}` : path });
	};
	// The last `@` that a host follows wins, as long as it stands before the first slash; a slash inside a password
	// (`a/b`) leaves no readable host before it, and then the search goes further right.
	const slash = rest.indexOf("/");
	const before = slash < 0 ? rest.length : slash;
	const marks = [...rest.matchAll(/@/g)].map(({ index }) => index);
	const near = marks.filter((mark) => mark < before).at(-1);
	if (near !== undefined) consider(rest.slice(0, near), rest.slice(near + 1));
	else if (marks.length === 0) consider(undefined, rest);
	else {
		const plain = HOST.exec(rest.slice(0, before));
		const last = marks.at(-1)!;
		if (plain) consider(undefined, rest);
		else consider(rest.slice(0, last), rest.slice(last + 1));
	}
	const first = candidates[0] ?? undefined;
	return first && { ...first, several: marks.some((mark) => mark > before) };
}

function decodeWellFormed(text: string): { text: string; decoded: boolean } {
	let decoded = false;
	// Runs of %HH are decoded together, because one character may take several bytes.
	const out = text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (run) => {
		try {
			const plain = decodeURIComponent(run);
			decoded = true;
			return plain;
		} catch {
			return run;
		}
	});
	return { text: out, decoded };
}

/** The address for request lines and digests: never with credentials, printable ASCII only. */
export function requestUrl(access: RtspAccess): string {
	// A zone means nothing outside of this machine (RFC 6874, section 4).
	const host = access.host.includes(":") ? `[${access.host.replace(/%.*$/, "")}]` : access.host;
	const port = access.port === DEFAULT_PORT[access.scheme] ? "" : `:${access.port}`;
	const path = access.path === "" || access.path.startsWith("/") ? access.path : `/${access.path}`;
	return escapeUnprintable(`${access.scheme}://${host}${port}${path}`);
}

/** Spaces, control characters and everything beyond ASCII as `%HH`; what is already escaped stays. */
function escapeUnprintable(text: string): string {
	const bytes = new TextEncoder().encode(text);
	return Array.from(bytes, (byte) =>
		byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
	).join("");
}
