import { CameraError } from "./errors.ts";
import { parseRtspUrl, type RtspAccess } from "./url.ts";

/** The camera said where else its stream is, and that is a place where the agent may go. */
export class Redirected extends Error {
	override name = "Redirected";
	readonly access: RtspAccess;
	/** Whether the new address held a user and a password of its own; they are left out. */
	readonly heldCredentials: boolean;
	constructor(access: RtspAccess, heldCredentials: boolean) {
		super("redirected");
		this.access = access;
		this.heldCredentials = heldCredentials;
	}
}

/** RFC 2326, section 11.3, and HTTP's later ones, which newer cameras use. */
export const isRedirect = (status: number) => [301, 302, 303, 307, 308].includes(status);

const sameName = (a: string, b: string) => a.toLowerCase().replace(/\.$/, "") === b.toLowerCase().replace(/\.$/, "");

/**
 * Where a redirect leads, decided by docs/decisions/0011-redirects.md: another path or port of the same host is followed
 * with the owner's user and password; another host never, because the agent connects nowhere else than where the sealed
 * address says. `peer` is the IP address that `access.host` led to. Throws CameraError where it may not go.
 */
export function followRedirect(access: RtspAccess, peer: string, location: string | undefined): Redirected {
	const unreadable = new CameraError(
		"stream-unsupported",
		"The camera points to another address, but not to which. Please look for it in the camera's settings.",
	);
	if (location === undefined) throw unreadable;
	const { scheme, user, password } = access;
	if (location.startsWith("/") && !location.startsWith("//"))
		return new Redirected({ ...access, path: location }, false);
	const parsed = parseRtspUrl(location);
	if (!parsed.ok) throw unreadable;
	const to = parsed.access;
	if (!sameName(to.host, access.host) && !sameName(to.host, peer)) {
		throw new CameraError(
			"stream-unsupported",
			"The camera points to another address on another device. If you know that device, enter its address instead.",
		);
	}
	if (scheme === "rtsps" && to.scheme === "rtsp") {
		throw new CameraError(
			"stream-unsupported",
			"The camera points from its encrypted address to another address without encryption. If you accept that, enter it with rtsp://.",
		);
	}
	// The same machine is asked by the name that its owner gave: a certificate is for that name.
	return new Redirected({ ...to, host: access.host, user, password }, to.user !== undefined);
}
