import { BitReader, tolerant, unescapeNal } from "./bits.ts";
import type { SpsFacts } from "./sps.ts";

/** What matters of a slice's header (H.264, section 7.3.3). */
export interface SliceHead {
	ppsId: number;
	idr: boolean;
	/** Predicted from two pictures: cameras that reorder use these. */
	bidirectional: boolean;
	/** pic_order_cnt_lsb and how many bits it has; `arrival`: pictures are shown as they come, or undefined: not known. */
	order: { lsb: number; bits: number } | "arrival" | undefined;
}

const IDR = 5;
/** Slice types that are B, once with and once without the promise that all slices of the picture are. */
const B_SLICES = [1, 6];

/** Reads a slice NAL unit's header; `spsOf` gives the SPS behind a PPS id. Undefined when it ends too early. */
export function parseSliceHead(
	nal: Uint8Array,
	spsOf: (ppsId: number) => { facts: SpsFacts } | undefined,
): SliceHead | undefined {
	return tolerant(() => {
		const reader = new BitReader(unescapeNal(nal.subarray(1, 48)));
		reader.ue();
		const type = reader.ue();
		const ppsId = reader.ue();
		const idr = (nal[0]! & 0x1f) === IDR;
		const head = { ppsId, idr, bidirectional: B_SLICES.includes(type) };
		const order = tolerant(() => readOrder(reader, idr, spsOf(ppsId)?.facts));
		return { ...head, order };
	});
}

function readOrder(reader: BitReader, idr: boolean, sps: SpsFacts | undefined): SliceHead["order"] {
	if (sps?.orderType === 2) return "arrival";
	if (sps?.orderType !== 0) return undefined;
	if (sps.separatePlanes) reader.skip(2);
	reader.skip(sps.frameNumBits);
	if (!sps.framesOnly && reader.flag()) reader.skip(1);
	if (idr) reader.ue();
	return { lsb: reader.bits(sps.orderBits), bits: sps.orderBits };
}

/** As many pictures in a row that were shown in the order in which they came make it sure enough: a second or two. */
const SURE_AFTER = 32;

/**
 * Watches whether a camera sends its pictures in another order than they are shown. Once it did, it does: nothing is
 * ever said of this stream again.
 */
export class OrderWatch {
	#last: SliceHead["order"];
	#seen = 0;
	#reordered = false;

	/** Hears of each picture in the order of arrival, by its first slice. */
	push(head: SliceHead | undefined): void {
		// A header that does not tell the order proves nothing, either way.
		if (!head?.order) return;
		const before = head.idr ? undefined : this.#last;
		this.#last = head.order;
		this.#seen += 1;
		if (head.bidirectional || (before && isBefore(head.order, before))) this.#reordered = true;
	}
	/** Whether pictures surely come in the order in which they are shown. */
	get plain(): boolean {
		return !this.#reordered && this.#seen >= SURE_AFTER;
	}
}

type Order = NonNullable<SliceHead["order"]>;

/** Whether `a` is shown before `b`; the values wrap. */
function isBefore(a: Order, b: Order): boolean {
	if (a === "arrival" || b === "arrival" || a.bits !== b.bits) return false;
	const ahead = (a.lsb - b.lsb + 2 ** a.bits) % 2 ** a.bits;
	return ahead >= 2 ** (a.bits - 1);
}
