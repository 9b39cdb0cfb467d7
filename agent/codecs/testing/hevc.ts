const hex = (text: string) => new Uint8Array(Buffer.from(text, "hex"));

/** H.265 for tests: parameter sets as x265 writes them for 320x240, Main profile. */
export const VPS = hex("40010c01ffff01600000030090000003000003003c959009");
export const HEVC_SPS = hex("42010101600000030090000003000003003ca00a080f16595924932bc05a020000030002000003003210");
export const HEVC_PPS = hex("4401c172b46240");

/** NAL unit types that slices of pictures have. */
export const Slice = { trail: 1, raslN: 8, raslR: 9, bla: 16, idr: 20, cra: 21 } as const;

/** A slice of a few bytes; the last one tells it apart. PPS 0. */
export function hevcSlice(type: number, id: number, first = true): Uint8Array {
	// first_slice_segment_in_pic_flag, for IRAP pictures no_output_of_prior_pics_flag, and the PPS id 0 as a single 1.
	const head = (first ? 0x80 : 0) | (type >= 16 ? 0x20 : 0x40);
	return Uint8Array.of(type << 1, 1, head, 0x88, 0x80 | id);
}
/** Aggregated into one packet (RFC 7798, section 4.4.2). */
export const aggregate = (...nals: Uint8Array[]) => [
	48 << 1,
	1,
	...nals.flatMap((nal) => [nal.length >> 8, nal.length & 255, ...nal]),
];
/** Fragmented into pieces of `size` bytes (RFC 7798, section 4.4.3). */
export function hevcFragments(nal: Uint8Array, size: number): Uint8Array[] {
	const out: Uint8Array[] = [];
	const type = (nal[0]! >> 1) & 0x3f;
	for (let at = 2; at < nal.length; at += size) {
		const flags = (at === 2 ? 0x80 : 0) | (at + size >= nal.length ? 0x40 : 0);
		const head = [(nal[0]! & 0x81) | (49 << 1), nal[1]!, flags | type];
		out.push(Buffer.concat([Uint8Array.from(head), nal.subarray(at, at + size)]));
	}
	return out;
}
