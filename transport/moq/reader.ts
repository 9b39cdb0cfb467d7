import { Incoming } from "@mivisus/wire/moq/bytes";
import type { RecvStream } from "../port.ts";

/** A receive stream as a source of whole wire values: reads until a pure decoder is satisfied. */
export class StreamReader {
	readonly incoming = new Incoming();
	#stream: RecvStream;
	#ended = false;
	/** Called with each change of how much is held, bytes. */
	onHeld: ((bytes: number) => void) | undefined;
	#told = 0;

	constructor(stream: RecvStream) {
		this.#stream = stream;
	}
	/** Whether FIN arrived; bytes may still be held. */
	get ended(): boolean {
		return this.#ended;
	}
	/**
	 * The first value that `take` returns, called whenever bytes arrive; `null` when the stream ends before. Rejects with
	 * StreamError when it is reset, with WireError when `take` throws one.
	 */
	async next<T>(take: (incoming: Incoming) => T | undefined): Promise<T | null> {
		for (;;) {
			const value = take(this.incoming);
			if (this.onHeld) this.#tell(this.onHeld);
			if (value !== undefined) return value;
			if (this.#ended) return null;
			const chunk = await this.#stream.read();
			if (chunk) this.incoming.push(chunk);
			else this.#ended = true;
		}
	}
	#tell(listener: (bytes: number) => void): void {
		const change = this.incoming.length - this.#told;
		this.#told += change;
		if (change !== 0) listener(change);
	}
	varint(): Promise<number | null> {
		return this.next((incoming) => incoming.takeVarint());
	}
	message(maxBytes: number): Promise<Uint8Array | null> {
		return this.next((incoming) => incoming.takeMessage(maxBytes));
	}
	stop(code: number): void {
		this.#stream.stop(code);
	}
}
