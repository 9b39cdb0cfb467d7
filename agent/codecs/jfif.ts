/** What the packets of one MJPEG picture say of it (RFC 2435, section 3.1). */
export interface JpegFacts {
	/** 0: chroma halved across, 1: halved both ways. */
	type: 0 | 1;
	/** Pixels. */
	width: number;
	height: number;
	/** Of 64 bytes each, in zigzag order: luma and chroma. */
	tables: readonly [Uint8Array, Uint8Array];
	/** Units between restart markers; 0 without. */
	restartInterval: number;
}

/** Quantisation tables K.1 and K.2 of ITU-T T.81 in zigzag order. */
const LUMA = [
	...[16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51],
	...[61, 60, 57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103, 104, 103, 62, 77],
	...[113, 121, 112, 100, 120, 92, 101, 103, 99],
];
const CHROMA = [17, 18, 18, 24, 21, 24, 47, 26, 26, 47, 99, 66, 56, 66, ...new Array<number>(50).fill(99)];
/** Huffman tables K.3 to K.6 of ITU-T T.81: class and number, how many codes of each length, the values. */
const HUFFMAN = Buffer.from(
	[
		"0000010501010101010100000000000000000102030405060708090a0b",
		"0100030101010101010101010000000000000102030405060708090a0b",
		"100002010303020403050504040000017d",
		"01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a343536373839",
		"3a434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7",
		"a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa",
		"1100020102040403040705040400010277",
		"000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f11718191a262728292a35363738",
		"393a434445464748494a535455565758595a636465666768696a737475767778797a82838485868788898a92939495969798999aa2a3a4a5",
		"a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa",
	].join(""),
	"hex",
);

/** The tables that a quality from 1 to 99 stands for (RFC 2435, section 4.2). */
export function tablesOf(quality: number): readonly [Uint8Array, Uint8Array] {
	const factor = quality < 50 ? Math.floor(5000 / quality) : 200 - quality * 2;
	const scaled = (base: number) => Math.max(1, Math.min(255, Math.floor((base * factor + 50) / 100)));
	return [Uint8Array.from(LUMA, scaled), Uint8Array.from(CHROMA, scaled)];
}

const Marker = { start: 0xd8, end: 0xd9, huffman: 0xc4, frame: 0xc0, quantisation: 0xdb, restart: 0xdd, scan: 0xda };

/** A picture as a file (ITU-T T.81, annex B): the headers that the packets leave out, `scan`, and the end. */
export function jfif({ type, width, height, tables, restartInterval }: JpegFacts, scan: Uint8Array): Uint8Array {
	const u16 = (value: number) => [value >> 8, value & 0xff];
	const segment = (marker: number, body: ArrayLike<number>) => [
		0xff,
		marker,
		...u16(body.length + 2),
		...Array.from(body),
	];
	const [luma, chroma] = tables;
	const head = [0xff, Marker.start];
	head.push(...segment(Marker.quantisation, [0, ...luma, 1, ...chroma]));
	// Eight bits a sample; three components, each with its sampling and its table.
	const components = [1, type === 0 ? 0x21 : 0x22, 0, 2, 0x11, 1, 3, 0x11, 1];
	head.push(...segment(Marker.frame, [8, ...u16(height), ...u16(width), 3, ...components]));
	head.push(...segment(Marker.huffman, HUFFMAN));
	if (restartInterval > 0) head.push(...segment(Marker.restart, u16(restartInterval)));
	// Each component with its Huffman tables; all coefficients at once.
	head.push(...segment(Marker.scan, [3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0]));
	const ended = scan.at(-2) === 0xff && scan.at(-1) === Marker.end;
	return Buffer.concat([Uint8Array.from(head), scan, Uint8Array.from(ended ? [] : [0xff, Marker.end])]);
}
