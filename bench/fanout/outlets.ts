import type { GroupWriter } from "@mivisus/transport/moq/outgoing";
import { MoqPeer } from "@mivisus/transport/moq/peer";
import type { SendStream } from "@mivisus/transport/port";
import { encodeFrame } from "@mivisus/wire/moq/group";
import { withLength } from "./lengths.ts";
import type { Place, Server } from "./messages.ts";
import { openSession, openSocket, openWebSocket } from "./sessions.ts";

/** Where a camera's frames go: one call at a time, each resolves when the transport took it. */
export interface Outlet {
	begin(sequence: number): Promise<void>;
	write(frame: Uint8Array): Promise<void>;
	end(): Promise<void>;
}
/** Hands an outlet over when there is one; from then on the camera sends, beginning with its next group. */
export type Open = (outlet: Outlet) => void;

/** Connects a camera to `server`. Rejects when it is not let in. */
export async function publish(server: Server, { url, broadcast }: Place, open: Open): Promise<void> {
	const place = new URL(url);
	if (server.way === "bare-wss") {
		const socket = await openWebSocket(server, place);
		open(single((frame, done) => socket.send(frame, done)));
	} else if (server.way === "bare-tcp") {
		const socket = await openSocket(place);
		open(single((frame, done) => socket.write(withLength(frame), done)));
	} else if (server.way === "bare-http3") {
		const session = await openSession(server, place);
		let group: SendStream;
		open({
			begin: async () => {
				group = await session.openUni();
			},
			write: (frame) => group.write(encodeFrame(frame)),
			end: () => group.finish(),
		});
	} else await publishMoq(server, place, broadcast, open);
}

/** One stream for everything: groups leave no trace on it. */
function single(send: (frame: Uint8Array, done: (error?: Error | null) => void) => void): Outlet {
	return {
		begin: async () => {},
		write: (frame) => new Promise((resolve, reject) => send(frame, (error) => (error ? reject(error) : resolve()))),
		end: async () => {},
	};
}

/** As an agent does it: announces the camera, and sends when the relay asks for it. */
async function publishMoq(server: Server, place: URL, broadcast: string, open: Open): Promise<void> {
	const session = await openSession(server, place);
	await new Promise<void>((resolve, reject) => {
		MoqPeer.client(session, {
			onAnnounceRequest: (stream) => {
				stream.init(stream.prefix === broadcast ? [""] : []);
				resolve();
			},
			onSubscribe: async (subscription) => {
				await subscription.accept();
				let group: GroupWriter;
				open({
					begin: async (sequence) => {
						group = await subscription.openGroup(sequence);
					},
					write: (frame) => group.write(frame),
					end: () => group.finish(),
				});
			},
		}).catch(reject);
	});
}
