import { connectHttp3 } from "@mivisus/transport/http3/client";
import type { IncomingSubscription } from "@mivisus/transport/moq/outgoing";
import { MoqPeer, type PeerHandlers } from "@mivisus/transport/moq/peer";
import { connectTcp } from "@mivisus/transport/tcp/client";
import type { RelayClaims } from "@mivisus/wire/token";
import type { TestWorker } from "./keys.ts";

/** Where a relay listens. */
export interface Place {
	port?: number | undefined;
	tcpPort: number;
	/** Needed for HTTP/3 only. */
	certificateHash?: Uint8Array;
}

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
		const { port, tcpPort, certificateHash } = this.#place;
		const url = new URL(`/${rights.root}`, way === "tcp" ? `ws://127.0.0.1:${tcpPort}` : `https://127.0.0.1:${port}`);
		url.searchParams.set("jwt", token);
		const session =
			way === "tcp"
				? await connectTcp(url)
				: await connectHttp3(url, { certificateHashes: certificateHash ? [certificateHash] : [] });
		return MoqPeer.client(session, handlers);
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
