import type { IncomingMessage } from "node:http";
import { PageProblem } from "./problems.ts";

const SAFE = new Set(["GET", "HEAD"]);

/**
 * Lets a request pass, or throws a {@link PageProblem}. Names that lead to this machine only by somebody's DNS (rebinding)
 * are refused by `Host`; what another page sends, by `Origin` and `Sec-Fetch-Site`. A page of this one sends at least one of
 * the two with everything that changes something.
 */
export function guard({ method = "", headers, rawHeaders }: IncomingMessage, port: number): void {
	const hosts = valuesOf(rawHeaders, "host");
	const [host = ""] = hosts;
	// Browsers leave out the port that is usual.
	const at = port === 80 ? "" : `:${port}`;
	const own = ["localhost", "127.0.0.1", "[::1]"].map((name) => `${name}${at}`);
	if (hosts.length !== 1 || !own.includes(host.toLowerCase())) throw new PageProblem("misdirected");
	const origin = headers.origin;
	const site = headers["sec-fetch-site"];
	// Typed in or opened from a terminal is `none`; a link elsewhere may lead here, but sees nothing by that.
	const navigation = SAFE.has(method) && headers["sec-fetch-mode"] === "navigate";
	if (site !== undefined && site !== "same-origin" && site !== "none" && !navigation)
		throw new PageProblem("cross-site");
	if (origin !== undefined && origin !== `http://${host.toLowerCase()}`) throw new PageProblem("cross-site");
	if (!SAFE.has(method) && (site === "none" || (origin === undefined && site === undefined)))
		throw new PageProblem("cross-site");
}

/** Node joins or drops headers that come twice: what was really sent is in the raw ones. */
function valuesOf(raw: readonly string[], name: string): string[] {
	return raw.filter((_, at) => at % 2 === 1 && raw[at - 1]?.toLowerCase() === name);
}

/** The one value of a cookie; nothing where it comes twice, because one of them may be planted. */
export function cookieOf(header: string | undefined, name: string): string | undefined {
	const values = (header ?? "")
		.split(";")
		.map((part) => part.trim())
		.filter((part) => part.startsWith(`${name}=`))
		.map((part) => part.slice(name.length + 1));
	return values.length === 1 ? values[0] : undefined;
}
