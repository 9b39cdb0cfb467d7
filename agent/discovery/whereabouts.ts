import { isIP } from "node:net";
import type { BroadcastClock } from "../publish/media.ts";
import type { CameraFaultCode } from "../rtsp/errors.ts";
import type { RtspAccess } from "../rtsp/url.ts";
import { isPrivateAddress } from "./address.ts";
import { LOOK_AFTER_FAILURES, LOOK_EVERY_MS } from "./limits.ts";

/** Looks for a camera in the networks of this machine; gives its host where it is clearly found. */
export type Relocate = (signal: AbortSignal) => Promise<string | undefined>;

/**
 * Where a camera is to be tried: at its owner's address, or at one where it was found again. To a found address only
 * digests go, and only if it is in a private network: anybody in the house can claim to be the camera (decision 0012).
 */
export class Whereabouts {
	#given: RtspAccess;
	#access: RtspAccess;
	#relocate: Relocate | undefined;
	#clock: BroadcastClock;
	#failures = 0;
	#lookedAtMs: number | undefined;

	constructor(options: { given: RtspAccess; relocate: Relocate | undefined; clock: BroadcastClock }) {
		this.#given = options.given;
		this.#access = options.given;
		this.#clock = options.clock;
		const { host } = options.given;
		// A camera that its owner reaches over the internet is not one that somebody in the house may stand in for.
		const isElsewhere = isIP(host.replace(/%.*$/, "")) > 0 && !isPrivateAddress(host);
		this.#relocate = isElsewhere ? undefined : options.relocate;
	}
	/** How to reach it now. */
	get access(): RtspAccess {
		return this.#access;
	}
	/** The camera gives pictures there. */
	reached(): void {
		this.#failures = 0;
	}
	/** A try failed. Looks for the camera where that may help; true when it was found elsewhere than it was tried. */
	async failed(code: CameraFaultCode, signal: AbortSignal): Promise<boolean> {
		if (code !== "camera-unreachable") {
			// Whoever answers at a found address and gives no picture is not the camera, or no use.
			this.#access = this.#given;
			this.#failures = 0;
			return false;
		}
		this.#failures += 1;
		if (!this.#relocate || this.#failures < LOOK_AFTER_FAILURES || !this.#mayLook()) return false;
		this.#lookedAtMs = this.#clock.now();
		const before = this.#access.host;
		const host = await this.#relocate(signal);
		const isFound = host !== undefined && host !== this.#given.host && isPrivateAddress(host);
		this.#access = isFound ? { ...this.#given, host, digestOnly: true } : this.#given;
		return this.#access.host !== before;
	}
	/** The wall clock may be set at any moment; then a look may come early. */
	#mayLook(): boolean {
		return this.#lookedAtMs === undefined || Math.abs(this.#clock.now() - this.#lookedAtMs) >= LOOK_EVERY_MS;
	}
}
