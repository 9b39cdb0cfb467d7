import type { RecvStream, SendStream, Session } from "@mivisus/transport/port";
import { answer, clientSetup, type Names, opening } from "./messages.ts";
import { below, mutate, oneOf, type Random } from "./mutate.ts";

const nothing = () => {};
const turn = () => new Promise((resolve) => setImmediate(resolve));

/**
 * A peer that sends `messages` mutated ones over `session`, answers the relay with others, leaves streams in every state
 * that there is, and goes. Resolves with how many it sent; never rejects.
 */
export async function misbehave(
	session: Session,
	random: Random,
	{ names, messages }: { names: Names; messages: number },
): Promise<number> {
	let sent = 0;
	let over = false;
	void session.closed.then(() => {
		over = true;
	});
	/** One message in pieces, and then what becomes of the stream. Not waited for: the relay may not read it. */
	const say = async (send: SendStream, recv: RecvStream | undefined, bytes: Uint8Array): Promise<void> => {
		sent += 1;
		const cut = random() < 0.3 ? below(random, bytes.length + 1) : 0;
		if (cut > 0) await send.write(bytes.subarray(0, cut));
		await send.write(bytes.subarray(cut));
		const fate = random();
		if (fate < 0.35) await send.finish();
		else if (fate < 0.55) send.reset(below(random, 600));
		if (recv && random() < 0.4) recv.stop(below(random, 600));
		else if (recv && random() < 0.5) await drain(recv);
	};
	const drain = async (recv: RecvStream) => {
		while ((await recv.read()) !== null);
	};
	const answering = async () => {
		for (let stream = await session.acceptBidi(); stream; stream = await session.acceptBidi())
			say(stream.send, stream.recv, answer(random, names)).catch(nothing);
	};
	const receiving = async () => {
		for (let stream = await session.acceptUni(); stream; stream = await session.acceptUni()) {
			const fate = random();
			if (fate < 0.6) drain(stream).catch(nothing);
			else if (fate < 0.8) stream.stop(below(random, 600));
		}
	};
	void answering();
	void receiving();
	try {
		const setup = await session.openBidi();
		const bytes = clientSetup();
		say(setup.send, undefined, random() < 0.1 ? mutate(random, bytes) : bytes).catch(nothing);
		while (sent < messages && !over) {
			const bytes = opening(random, names);
			if (random() < 0.4) say(await session.openUni(), undefined, bytes).catch(nothing);
			else {
				const { send, recv } = await session.openBidi();
				say(send, recv, bytes).catch(nothing);
			}
			if (random() < 0.3) await turn();
		}
		for (let left = below(random, 4); left > 0; left--) await turn();
	} catch {
		// The relay ended it.
	}
	session.close(below(random, 600), oneOf(random, ["", "bye", "x".repeat(5000)]));
	return sent;
}
