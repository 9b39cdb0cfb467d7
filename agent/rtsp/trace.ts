import type { Secret } from "./url.ts";

/**
 * One step of a dialogue, for the owner's own eyes (`mivisus-agent test`). Request lines hold the camera's address; there
 * is never a credential in it. A note is a plain sentence without an address.
 */
export interface Step {
	/** A request's first line, and how it signed in. */
	sent?: string;
	/** A reply's first line. */
	received?: string;
	note?: string;
}
export type Trace = (step: Step) => void;

const HIDDEN = "[hidden]";
const MAX_SHOWN = 300;

/**
 * What the camera or the owner wrote, made safe to show: no password, nothing that a terminal obeys, not too long. Some
 * cameras want the password inside the path, so `password=` and its like are hidden, too.
 */
export function shown(text: string, password: Secret | undefined): string {
	const secret = password?.reveal() ?? "";
	let safe = text.replace(/\p{C}/gu, "");
	if (secret !== "") {
		for (const form of new Set([secret, encodeURIComponent(secret)])) safe = safe.replaceAll(form, HIDDEN);
	}
	return safe.replace(/(pass(?:word|wd)?|pwd)=[^&;_/\s]*/gi, `$1=${HIDDEN}`).slice(0, MAX_SHOWN);
}

/** How a request signs in, in words, without what could be replayed. */
export function signInWords(authorization: string | undefined, user: string | undefined): string {
	const scheme = authorization?.split(" ")[0];
	return scheme === undefined ? "" : ` (${scheme}, user ${user ?? ""})`;
}
