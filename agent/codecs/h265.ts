import type { RtpPacket } from "../rtp/packet.ts";
import { BitReader, tolerant, unescapeNal } from "./bits.ts";
import { hevcCodecString, hevcDescription, parseHevcPps, parseHevcSps, parseVps } from "./hevc-sets.ts";
import { NalUnits } from "./nal-units.ts";
import { MAX_DESCRIPTION_BYTES, ParameterSets } from "./parameter-sets.ts";
import { Pictures } from "./pictures.ts";
import type { VideoConfig, VideoDepacketizer, VideoUnit } from "./video.ts";

/** NAL unit types (H.265, table 7-1; RFC 7798, section 4.4). */
const Nal = {
	rasl: [8, 9],
	lastLeadingSlice: 9,
	firstIrap: 16,
	lastBla: 18,
	cra: 21,
	vps: 32,
	sps: 33,
	pps: 34,
	delimiter: 35,
	endOfSequence: 36,
	prefixSei: 39,
	suffixSei: 40,
	firstReservedLeading: 41,
	lastReservedLeading: 44,
	aggregation: 48,
	fragmentation: 49,
} as const;
const HEADER_BYTES = 2;
const typeOf = (bytes: Uint8Array) => (bytes[0]! >> 1) & 0x3f;
const layerOf = (bytes: Uint8Array) => ((bytes[0]! & 1) << 5) | (bytes[1]! >> 3);
const SYNTAX = {
	headerBytes: HEADER_BYTES,
	typeOf,
	firstPacketType: Nal.aggregation,
	aggregation: Nal.aggregation,
	fragmentation: Nal.fragmentation,
	fragmentOf: (payload: Uint8Array) => Uint8Array.of((payload[0]! & 0x81) | ((payload[2]! & 0x3f) << 1), payload[1]!),
} as const;

const isIrap = (type: number) => type >= Nal.firstIrap && type <= Nal.cra;
const isSlice = (type: number) => type <= Nal.lastLeadingSlice || isIrap(type);
/** Any of these after a slice begins the next picture (H.265, section 7.4.2.4.4). */
const isLeading = (type: number) =>
	(type >= Nal.vps && type <= Nal.delimiter) ||
	type === Nal.prefixSei ||
	(type >= Nal.firstReservedLeading && type <= Nal.lastReservedLeading);
/** first_slice_segment_in_pic_flag. */
const isFirst = (nal: Uint8Array) => nal.length > HEADER_BYTES && (nal[HEADER_BYTES]! & 0x80) !== 0;

interface Head {
	type: number;
	ppsId: number | undefined;
	/** The camera ended a sequence before it: nothing of that may be referred to. */
	afterEnd: boolean;
}

/**
 * Makes pictures of H.265 packets (RFC 7798, without DONL fields). A key picture is an IRAP picture; leading pictures
 * that refer to what came before one where decoding starts are left out, because no decoder can show them.
 */
export class H265Depacketizer implements VideoDepacketizer {
	#vps = new ParameterSets(parseVps);
	#sps = new ParameterSets(parseHevcSps);
	#pps = new ParameterSets(parseHevcPps);
	#units: NalUnits;
	#pictures: Pictures<Head>;
	/** Whether RASL pictures of the last IRAP picture are left out (H.265, section 8.1: NoRaslOutputFlag). */
	#leavesOut = true;
	#sequenceEnded = false;

	/** `parameterSets`: VPS, SPS and PPS of the session description, as far as it has any. */
	constructor(parameterSets: readonly Uint8Array[] = []) {
		this.#pictures = new Pictures({
			describe: (head) => this.#describe(head),
			accept: (head, starts) => this.#accept(head, starts),
		});
		this.#units = new NalUnits(SYNTAX, {
			nal: (nal, timestamp) => this.#nal(nal, timestamp),
			begins: (head) => {
				const begins = isLeading(typeOf(head)) || (isSlice(typeOf(head)) && isFirst(head));
				if (begins && layerOf(head) === 0) this.#pictures.cut();
			},
			damage: () => this.#pictures.damage(),
		});
		for (const nal of parameterSets) if (nal.length > HEADER_BYTES) this.#parameterSet(nal);
	}
	push(packet: RtpPacket, lost: boolean, nowMs: number): VideoUnit[] {
		this.#pictures.arrived(nowMs);
		if (lost) this.#units.damage();
		this.#units.push(packet);
		return this.#pictures.take(packet.marker, this.#units.open);
	}
	#nal(nal: Uint8Array, timestamp: number): void {
		const type = typeOf(nal);
		// Layers above the base one are additions that no browser decodes.
		if (layerOf(nal) !== 0) return;
		if (isSlice(type)) {
			const head = () => this.#head(nal, type);
			this.#pictures.slice({ nal, timestamp, first: isFirst(nal), key: isIrap(type), head });
		} else if (isLeading(type)) {
			this.#pictures.cut();
			if (type === Nal.prefixSei) this.#pictures.lead(nal);
			else this.#parameterSet(nal);
		} else if (type === Nal.suffixSei) this.#pictures.trail(nal);
		else if (type === Nal.endOfSequence) {
			this.#pictures.trail(nal);
			this.#sequenceEnded = true;
		}
	}
	#head(nal: Uint8Array, type: number): Head {
		const afterEnd = this.#sequenceEnded;
		this.#sequenceEnded = false;
		const ppsId = tolerant(() => {
			const reader = new BitReader(unescapeNal(nal.subarray(HEADER_BYTES, 16)));
			reader.skip(isIrap(type) ? 2 : 1);
			return reader.ue();
		});
		return { type, ppsId, afterEnd };
	}
	#accept({ type, afterEnd }: Head, starts: boolean): boolean {
		if (isIrap(type)) this.#leavesOut = starts || afterEnd || type <= Nal.lastBla;
		return !(this.#leavesOut && Nal.rasl.some((rasl) => rasl === type));
	}
	#parameterSet(nal: Uint8Array): void {
		const type = typeOf(nal);
		if (type === Nal.vps) this.#vps.add(nal);
		if (type === Nal.sps) this.#sps.add(nal);
		if (type === Nal.pps) this.#pps.add(nal);
	}
	/** The set-up by the sets that the picture's first slice names; the stream's own win over the description's (S03). */
	#describe({ ppsId }: Head): VideoConfig | undefined {
		const sps = this.#sps.get(this.#pps.get(ppsId)?.facts.spsId);
		const vps = sps && this.#vps.get(sps.facts.vpsId);
		if (!vps) return undefined;
		const sets = { vps: this.#vps.nals(vps), sps: this.#sps.nals(sps), pps: this.#pps.nals() };
		const description = hevcDescription(sets, sps.facts);
		if (description.length > MAX_DESCRIPTION_BYTES) return undefined;
		const { width, height } = sps.facts;
		return { codec: hevcCodecString(sps.facts), description, width, height };
	}
}
