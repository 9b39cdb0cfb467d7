import { connectHttp3 } from "@mivisus/transport/http3/client";
import { MoqPeer } from "@mivisus/transport/moq/peer";
import { fromBase64Url } from "@mivisus/wire/ids";

/** What the worker answers to who may watch. */
export interface Access {
	token: string;
	url: string;
	certificateHashes: string[];
}

/** Comes to the relay as a viewer does, without a browser around it. Rejects when it is not let in. */
export async function visit({ url, token, certificateHashes }: Access): Promise<MoqPeer> {
	const place = new URL(url);
	if (token !== "") place.searchParams.set("jwt", token);
	const hashes = certificateHashes.map((hash) => fromBase64Url(hash));
	return MoqPeer.client(await connectHttp3(place, { certificateHashes: hashes }));
}
