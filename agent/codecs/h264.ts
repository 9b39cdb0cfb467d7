import type { RtpPacket } from "../rtp/packet.ts";
import { NalUnits } from "./nal-units.ts";
import { OrderWatch, parseSliceHead, type SliceHead } from "./order.ts";
import { MAX_DESCRIPTION_BYTES, ParameterSets } from "./parameter-sets.ts";
import { Pictures } from "./pictures.ts";
import { avcDescription, codecString, parsePps, parseSps, type SpsFacts } from "./sps.ts";
import { withFittingLevel, withoutReordering } from "./sps-rewrite.ts";
import type { VideoConfig, VideoDepacketizer, VideoUnit } from "./video.ts";

const Nal = {
	slice: 1,
	partitionA: 2,
	partitionC: 4,
	idr: 5,
	sei: 6,
	sps: 7,
	pps: 8,
	delimiter: 9,
	stapA: 24,
	fuA: 28,
} as const;
const typeOf = (bytes: Uint8Array) => bytes[0]! & 0x1f;
const SYNTAX = {
	headerBytes: 1,
	typeOf,
	firstPacketType: Nal.stapA,
	aggregation: Nal.stapA,
	fragmentation: Nal.fuA,
	fragmentOf: (payload: Uint8Array) => Uint8Array.of((payload[0]! & 0xe0) | (payload[1]! & 0x1f)),
} as const;

const isSlice = (type: number) => type === Nal.idr || (type >= Nal.slice && type <= Nal.partitionC);
/** Any of these after a slice begins the next picture (H.264, section 7.4.1.2.3). */
const isLeading = (type: number) => type >= Nal.sei && type <= Nal.delimiter;
/** first_mb_in_slice is the first exp-golomb value: 0 is a single 1 bit. Partitions B and C carry none. */
const isFirst = (nal: Uint8Array) => {
	const type = typeOf(nal);
	return (type <= Nal.partitionA || type === Nal.idr) && nal.length > 1 && (nal[1]! & 0x80) !== 0;
};

/** Makes pictures of H.264 packets (RFC 6184); a key picture is an IDR picture. */
export class H264Depacketizer implements VideoDepacketizer {
	#sps = new ParameterSets(parseSps);
	#pps = new ParameterSets(parsePps);
	#order = new OrderWatch();
	#units: NalUnits;
	#pictures: Pictures<SliceHead | undefined>;

	/** `parameterSets`: SPS and PPS of the session description, as far as it has any. */
	constructor(parameterSets: readonly Uint8Array[] = []) {
		this.#pictures = new Pictures({
			describe: (head) => this.#describe(head),
			accept: (head) => {
				this.#order.push(head);
				return true;
			},
		});
		this.#units = new NalUnits(SYNTAX, {
			nal: (nal, timestamp) => this.#nal(nal, timestamp),
			begins: (head) => {
				if (isLeading(typeOf(head)) || (isSlice(typeOf(head)) && isFirst(head))) this.#pictures.cut();
			},
			damage: () => this.#pictures.damage(),
		});
		for (const nal of parameterSets) this.#parameterSet(nal);
	}
	push(packet: RtpPacket, lost: boolean, nowMs: number): VideoUnit[] {
		this.#pictures.arrived(nowMs);
		if (lost) this.#units.damage();
		this.#units.push(packet);
		return this.#pictures.take(packet.marker, this.#units.open);
	}
	#nal(nal: Uint8Array, timestamp: number): void {
		const type = typeOf(nal);
		if (isSlice(type)) {
			const head = () => parseSliceHead(nal, (id) => this.#active(id));
			this.#pictures.slice({ nal, timestamp, first: isFirst(nal), key: type === Nal.idr, head });
		} else if (isLeading(type)) {
			this.#pictures.cut();
			if (type === Nal.sei) this.#pictures.lead(nal);
			else this.#parameterSet(nal);
		}
	}
	#parameterSet(nal: Uint8Array): void {
		if (typeOf(nal) === Nal.sps) this.#sps.add(nal);
		if (typeOf(nal) === Nal.pps) this.#pps.add(nal);
	}
	/** The SPS behind a slice's PPS. */
	#active(ppsId: number) {
		return this.#sps.get(this.#pps.get(ppsId)?.facts.spsId);
	}
	/** The set-up by the sets that the picture's first slice names; the stream's own win over the description's (S03). */
	#describe(head: SliceHead | undefined): VideoConfig | undefined {
		const active = head && this.#active(head.ppsId);
		if (!active) return undefined;
		const { width, height } = active.facts;
		const [first = active.nal, ...others] = this.#sps.all(active).map((set) => this.#refined(set));
		const description = avcDescription([first, ...others], this.#pps.nals(), active.facts);
		if (description.length > MAX_DESCRIPTION_BYTES) return undefined;
		return { codec: codecString(first), description, width, height };
	}
	/** An SPS as decoders should have it. */
	#refined(set: { nal: Uint8Array; facts: SpsFacts }): Uint8Array {
		const nal = withFittingLevel(set);
		return this.#order.plain ? withoutReordering({ ...set, nal }) : nal;
	}
}
