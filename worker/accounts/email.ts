/** An address as typed, and the one canonical key by which it is found (field fault A02). */
export interface Email {
	display: string;
	key: string;
}

/**
 * Trim, NFC, lower case without regard to locale, domain in ASCII form: the same function at sign-up, sign-in and
 * everywhere else. `undefined` for what is no address. Whether mail arrives is for the confirmation to find out.
 */
export function parseEmail(typed: string): Email | undefined {
	const display = typed.trim().normalize("NFC");
	const at = display.lastIndexOf("@");
	const [local, domain] = [display.slice(0, at), display.slice(at + 1)];
	if (at < 1 || display.length > 254 || local.length > 64) return undefined;
	// Of the domain, a URL would silently drop some of those.
	if (/\p{C}/u.test(display) || /[\s<>()[\]\\,;:"@]/.test(local)) return undefined;
	// What a URL would read as port, path or user is no part of a domain.
	if (/[:/?#@\\\s%]/.test(domain)) return undefined;
	let ascii: string;
	try {
		ascii = new URL(`http://${domain}`).hostname;
	} catch {
		return undefined;
	}
	if (!/^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(ascii) || /^\d+(\.\d+){3}$/.test(ascii)) return undefined;
	return { display, key: `${local.toLowerCase()}@${ascii}` };
}

/** How mail servers spell it: the local part as typed, the domain in ASCII form (RFC 5890). */
export function deliverable(display: string): string {
	const key = parseEmail(display)?.key;
	return key === undefined ? display : display.slice(0, display.lastIndexOf("@")) + key.slice(key.lastIndexOf("@"));
}

/** What most likely is one mailbox: most servers drop `+tag`, some drop dots. Of limits only, never of accounts. */
export function mailboxOf(key: string): string {
	const at = key.lastIndexOf("@");
	const [tagless = ""] = key.slice(0, at).split("+");
	return tagless.replaceAll(".", "") + key.slice(at);
}
