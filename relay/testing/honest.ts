import type { GroupReader } from "@mivisus/transport/moq/incoming";
import type { IncomingSubscription } from "@mivisus/transport/moq/outgoing";
import { MoqPeer, type PeerHandlers } from "@mivisus/transport/moq/peer";
import { RelayClock } from "@mivisus/transport/moq/relay-clock";
import type { Session } from "@mivisus/transport/port";
import { WIRE_ERROR_CODES } from "@mivisus/wire/errors";
import { newId } from "@mivisus/wire/ids";
import type { RelayClaims } from "@mivisus/wire/token";

export type Rights = Partial<RelayClaims> & { root: string };
/** Connects with a fresh token of these rights. */
export type Door = (rights: Rights) => Promise<Session>;

async function enter(door: Door, rights: Rights, handlers: PeerHandlers = {}): Promise<MoqPeer> {
	const peer = await MoqPeer.client(await door(rights), handlers);
	// As every peer of ours: without the relay's clock a session that is silent for half a minute is over.
	void new RelayClock(undefined, { tracks: () => ({}), beat: () => {} }).follow(peer);
	return peer;
}
/** The frames of a group: no two are alike. */
const framesOf = (sequence: number) =>
	[1, 700, 40].map((length, n) => new Uint8Array(length).map((_, at) => (sequence * 31 + n * 7 + at) % 256));

/**
 * A camera and somebody who looks at it, who both behave: whatever others do, each {@link beat} arrives whole. Errors say
 * what did not.
 */
export class HonestPair {
	readonly camera: MoqPeer;
	readonly viewer: MoqPeer;
	/** What the viewer was told of broadcasts after the first: nothing, as long as the camera is there. */
	readonly announced: { readonly length: number };
	#upstream: IncomingSubscription;
	#groups: AsyncIterator<GroupReader>;
	#last: Promise<void> = Promise.resolve();
	#sequence = 0;

	private constructor(
		camera: MoqPeer,
		viewer: MoqPeer,
		announced: HonestPair["announced"],
		upstream: IncomingSubscription,
		groups: AsyncIterator<GroupReader>,
	) {
		this.announced = announced;
		this.camera = camera;
		this.viewer = viewer;
		this.#upstream = upstream;
		this.#groups = groups;
	}
	/** Both of account `root`; the camera's name is `cam`. */
	static async begin(root: string, cameraDoor: Door, viewerDoor = cameraDoor): Promise<HonestPair> {
		let come = (_: IncomingSubscription) => {};
		const coming = new Promise<IncomingSubscription>((resolve) => {
			come = resolve;
		});
		const own = `.peer/${newId()}`;
		const camera = await enter(
			cameraDoor,
			{ root, put: ["cam", own] },
			{
				onAnnounceRequest: (stream) => stream.init(stream.prefix === "cam" ? [""] : []),
				onSubscribe: (subscription) => {
					if (subscription.track !== "video") return subscription.refuse(WIRE_ERROR_CODES["not-found"]);
					void subscription.accept().then(() => come(subscription));
				},
			},
		);
		const viewer = await enter(viewerDoor, { root, get: ["cam"] });
		const announced = await viewer.announced("");
		await announced.next();
		const { groups } = await viewer.subscribe("cam", "video", 60);
		return new HonestPair(camera, viewer, announced, await coming, groups[Symbol.asyncIterator]());
	}
	/** Sends a group and sees it arrive, after those that were asked for before. */
	beat(): Promise<void> {
		this.#last = this.#last.then(() => this.#beat());
		return this.#last;
	}
	async #beat(): Promise<void> {
		const sequence = this.#sequence++;
		const frames = framesOf(sequence);
		await Promise.all([this.#send(sequence, frames), this.#receive(sequence, frames)]);
	}
	async #send(sequence: number, frames: readonly Uint8Array[]): Promise<void> {
		const group = await this.#upstream.openGroup(sequence);
		for (const frame of frames) await group.write(frame);
		await group.finish();
	}
	async #receive(sequence: number, frames: readonly Uint8Array[]): Promise<void> {
		const { value: group, done } = await this.#groups.next();
		if (done) throw new Error(`the honest viewer's track ended before group ${sequence}`);
		if (group.sequence !== sequence) throw new Error(`group ${group.sequence} came instead of ${sequence}`);
		for (const frame of frames) {
			const got = await group.next();
			if (!got || Buffer.compare(got, frame) !== 0)
				throw new Error(`a frame of group ${sequence} is not what was sent`);
		}
		if ((await group.next()) !== null) throw new Error(`group ${sequence} has a frame too many`);
	}
	close(): void {
		this.viewer.close();
		this.camera.close();
	}
}
