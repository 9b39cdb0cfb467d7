import { encodeFrame, type Frame } from "@mivisus/transport/tcp/frames";
import { parametersFrame, type RawQmux } from "@mivisus/transport/testing/raw-qmux";
import { clientSetup, type Names, opening } from "./messages.ts";
import { below, mutate, oneOf, type Random } from "./mutate.ts";

const LIMITS = [0, 1, 100, 65_536, 2 ** 30, Number.MAX_SAFE_INTEGER];
/** A stream of each kind of either side, and ones far away. */
const anyId = (random: Random) => (random() < 0.9 ? below(random, 40) : oneOf(random, LIMITS));

/** Every frame but the ones of streams in their order. */
const FRAMES: readonly ((random: Random) => Frame)[] = [
	(random) => ({
		type: "stream",
		id: anyId(random),
		offset: oneOf(random, LIMITS),
		data: new Uint8Array(3),
		fin: random() < 0.5,
	}),
	(random) => ({
		type: "reset-stream",
		id: anyId(random),
		code: below(random, 600),
		finalSize: oneOf(random, LIMITS),
	}),
	(random) => ({ type: "stop-sending", id: anyId(random), code: below(random, 600) }),
	(random) => ({ type: "max-data", max: oneOf(random, LIMITS) }),
	(random) => ({ type: "max-stream-data", id: anyId(random), max: oneOf(random, LIMITS) }),
	(random) => ({ type: "max-streams", bidi: random() < 0.5, max: oneOf(random, LIMITS) }),
	(random) => ({ type: "ping", response: random() < 0.5, sequence: oneOf(random, LIMITS) }),
	(random) => ({ type: "close", application: random() < 0.5, code: below(random, 600), reason: "x".repeat(9000) }),
];

/**
 * A client that begins well and then sends records of which some are mutated, until `messages` went out or the server has
 * enough. Resolves with how many it sent.
 */
export async function misbehaveInRecords(
	raw: RawQmux,
	random: Random,
	{ names, messages }: { names: Names; messages: number },
): Promise<number> {
	let sent = 0;
	let [bidis, unis] = [0, 0];
	const send = (record: Uint8Array) => {
		sent += 1;
		raw.send(record);
	};
	const streamOf = (data: Uint8Array): Uint8Array => {
		const id = random() < 0.5 ? 4 * bidis++ : 4 * unis++ + 2;
		const cut = below(random, data.length + 1);
		const parts = [data.subarray(0, cut), data.subarray(cut)];
		const frames = parts.map((part, n) =>
			encodeFrame({
				type: "stream",
				id,
				offset: n === 0 ? 0 : cut,
				data: part,
				fin: n === 1 && random() < 0.6,
			}),
		);
		if (random() < 0.2) frames.push(encodeFrame({ type: "reset-stream", id, code: 5, finalSize: data.length }));
		return Buffer.concat(frames);
	};
	const record = (): Uint8Array => {
		const kind = random();
		if (kind < 0.85) return streamOf(opening(random, names));
		const frame = encodeFrame(oneOf(random, FRAMES)(random));
		return kind < 0.92 ? frame : mutate(random, Buffer.concat([frame, streamOf(clientSetup())]));
	};
	const hello = parametersFrame(oneOf(random, LIMITS));
	send(random() < 0.05 ? mutate(random, hello) : hello);
	send(encodeFrame({ type: "stream", id: 4 * bidis++, offset: 0, data: clientSetup(), fin: false }));
	while (sent < messages && !raw.over) {
		send(record());
		if (random() < 0.1) await new Promise((resolve) => setImmediate(resolve));
	}
	// Sees what the server has to say, some of the time.
	if (random() < 0.3) for (let left = 3; left > 0; left--) await new Promise((resolve) => setImmediate(resolve));
	raw.end();
	await raw.closed;
	return sent;
}
