import { WIRE_ERROR_CODES } from "@mivisus/wire/errors";
import { type Holder, Queues } from "./queues.ts";

/** A group on its way in, as far as it is held. */
interface Incoming {
	stop(code: number): void;
	onHeld?(listener: (bytes: number) => void): void;
}

/**
 * Frames that publishers have begun to send. Each may have 4 MiB, and nobody is obliged to send its last byte: past the
 * budget of all of them the group of the largest is given up.
 */
export class Arriving {
	#parts: Queues;

	constructor(mostBytes = Number.POSITIVE_INFINITY) {
		this.#parts = new Queues(mostBytes);
	}
	get bytes(): number {
		return this.#parts.bytes;
	}
	/** Counts what arrives of `group` until the returned function is called. */
	follow(group: Incoming): () => void {
		const part: Holder & { heldBytes: number } = {
			heldBytes: 0,
			lighten: () => {
				release();
				group.stop(WIRE_ERROR_CODES["too-large"]);
			},
		};
		let over = false;
		const hold = (bytes: number) => {
			if (over) return;
			part.heldBytes += bytes;
			this.#parts.change(bytes);
			if (bytes > 0) this.#parts.relieve();
		};
		const release = () => {
			hold(-part.heldBytes);
			over = true;
			this.#parts.leave(part);
		};
		this.#parts.enter(part);
		group.onHeld?.(hold);
		return release;
	}
}
