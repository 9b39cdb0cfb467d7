import type { IncomingSubscription } from "@mivisus/transport/moq/outgoing";
import { MoqPeer, type PeerHandlers } from "@mivisus/transport/moq/peer";
import type { RelayClaims } from "@mivisus/wire/token";
import { connectBy, type Place } from "./doors.ts";
import type { TestWorker } from "./keys.ts";

/** Peers of a running relay with tokens of `worker`. For tests. */
export class TestPeers {
	#place: Place;
	#worker: TestWorker;
	/** Every token that was used. */
	readonly tokens: string[] = [];

	constructor(place: Place, worker: TestWorker) {
		this.#place = place;
		this.#worker = worker;
	}
	async enter(
		way: "http3" | "tcp",
		rights: Partial<RelayClaims> & { root: string },
		handlers: PeerHandlers = {},
	): Promise<MoqPeer> {
		const token = await this.#worker.token(rights);
		this.tokens.push(token);
		return MoqPeer.client(await connectBy(way, this.#place, `/${rights.root}`, { token }), handlers);
	}
	/** A camera that announces itself; each subscription of the relay is accepted and handed to `onSubscription`. */
	camera(
		way: "http3" | "tcp",
		root: string,
		name: string,
		onSubscription: (subscription: IncomingSubscription) => void,
	): Promise<MoqPeer> {
		return this.enter(
			way,
			{ root, put: [name] },
			{
				onAnnounceRequest: (stream) => stream.init([""]),
				onSubscribe: async (subscription) => {
					await subscription.accept();
					onSubscription(subscription);
				},
			},
		);
	}
	/** Subscribes to the camera's pictures as soon as it is there. */
	async watch(way: "http3" | "tcp", root: string, name: string) {
		const peer = await this.enter(way, { root, get: [name] });
		const announced = await peer.announced(name);
		await announced.next();
		return { peer, subscription: await peer.subscribe(name, "video/main", 60) };
	}
}
