import type { StreamAddress } from "@mivisus/wire/signed";
import type { TestEnd, TestStep } from "./camera-test.ts";
import type { Credentials } from "./discovery/device.ts";
import type { FoundCamera } from "./discovery/discover.ts";
import type { LogLine } from "./log.ts";
import type { Left } from "./outflow.ts";
import type { Privacy } from "./privacy.ts";
import type { BroadcastClock } from "./publish/media.ts";
import type { CameraOverview } from "./supervisor.ts";
import type { Typed } from "./typed-access.ts";

/** A camera that was found and chosen: it is asked itself where its streams are. */
export interface Chosen {
	found: { device: string; host: string; port: number; source?: string | undefined };
	user?: string | undefined;
	password?: string | undefined;
}
/** Asks a camera that was found for its streams. Rejects with CameraError, in words. */
export type Describe = (
	camera: FoundCamera | { host: string; port: number },
	credentials: Credentials,
	options: { signal: AbortSignal; clock: BroadcastClock; source?: string | undefined },
) => Promise<{ streams: { main: StreamAddress; sub?: StreamAddress }; sources: readonly string[] }>;
/** Looks for cameras until `signal` aborts or there is nothing more to hear. */
export type Discover = (options: { signal: AbortSignal }) => AsyncIterable<FoundCamera>;

/** A link that was made to bring this agent and a browser together, and is not used yet. */
export interface PendingLink {
	url: string;
	expiresAtMs: number;
	/** The fingerprint in groups, as the browser will show it. */
	fingerprint: string;
}
/** One camera as the page and the command line show it; addresses are without secrets. */
export interface CameraView extends Omit<CameraOverview, "address" | "tracks"> {
	address: string | undefined;
	/** What it sends, e.g. `H.264, 1280x720, sound AAC 48 kHz`. */
	sends: string | undefined;
	left: Left;
}
/** What the agent says of itself. */
export interface AgentView {
	name: string;
	origin: string;
	/** `ended`: its owner unlinked it. */
	link: "unlinked" | "linked" | "ended";
	pending: PendingLink | undefined;
	/** Why the last link came to nothing, in words. */
	linkFault: string | undefined;
	connections: { service: string; relay: string };
	cameras: CameraView[];
	left: Left;
	/** The house's time zone (IANA), and what its clock shows. */
	zone: string;
	nowMs: number;
	canSearch: boolean;
}

/** What can be asked of a running agent, from its own page and its command line. */
export interface Control {
	view(): AgentView;
	/** Makes a link and waits for it to be shown; the one before is void. Rejects with WorkerError. */
	newLink(signal: AbortSignal): Promise<PendingLink>;
	/** Rejects with NotAdded or ManyChannels, in words. */
	add(camera: (Typed | Chosen) & { name: string }, signal: AbortSignal): Promise<{ id: string; announced: boolean }>;
	/** Tests what was typed or chosen, or a camera that the agent has. Rejects with NotTested or ManyChannels. */
	test(
		camera: Typed | Chosen | { id: string },
		onStep: (step: TestStep) => void,
		signal: AbortSignal,
	): Promise<TestEnd>;
	/** False for a camera that is not there. */
	setPrivacy(id: string, privacy: Privacy): boolean;
	/** Whether the camera is read while nobody looks, too. False for a camera that is not there. */
	setReady(id: string, ready: boolean): boolean;
	/** Absent where this agent cannot look for cameras. */
	search?: Discover | undefined;
	log(): readonly LogLine[];
}

/** A channel's token, characters; a longer one cannot be chosen. */
export const MAX_CHANNEL_NAME = 200;
/** A recorder: which of its channels is meant must be said first. */
export class ManyChannels extends Error {
	override name = "ManyChannels";
	/** As {@link Chosen} takes them for `source`. */
	readonly channels: readonly string[];
	constructor(channels: readonly string[]) {
		super("This device has several channels. Choose one; each is added as a camera of its own.");
		this.channels = channels;
	}
}
/** A test that was not begun, and why, in words. */
export class NotTested extends Error {
	override name = "NotTested";
}
