export interface JpegPackets {
	type?: number;
	quality?: number;
	/** Pixels, multiples of 8. */
	width?: number;
	height?: number;
	restartInterval?: number;
	/** Quantisation tables in the stream, for qualities from 128 on. */
	tables?: Uint8Array;
}
/** The payloads of one picture's packets (RFC 2435): `scan` in pieces of `size` bytes. */
export function jpegPackets(scan: Uint8Array, size: number, options: JpegPackets = {}): number[][] {
	const { type = 1, quality = 50, width = 64, height = 48, restartInterval, tables } = options;
	const out: number[][] = [];
	for (let at = 0; at === 0 || at < scan.length; at += size) {
		const head = [0, at >> 16, (at >> 8) & 255, at & 255, type, quality, width / 8, height / 8];
		if (type >= 64) head.push((restartInterval ?? 0) >> 8, (restartInterval ?? 0) & 255, 0xff, 0xff);
		if (at === 0 && quality >= 128)
			head.push(0, 0, (tables?.length ?? 0) >> 8, (tables?.length ?? 0) & 255, ...(tables ?? []));
		out.push([...head, ...scan.subarray(at, at + size)]);
	}
	return out;
}
/** A JPEG file's parts: the quantisation tables, and the data of its scan without the end. */
export function readJpeg(file: Uint8Array): { tables: Uint8Array; scan: Uint8Array; restartInterval: number } {
	const bytes = Buffer.from(file);
	const tables: Buffer[] = [];
	let restartInterval = 0;
	for (let at = 2; ; ) {
		const marker = bytes[at + 1]!;
		const end = at + 2 + bytes.readUInt16BE(at + 2);
		const body = bytes.subarray(at + 4, end);
		if (marker === 0xdb)
			for (let table = 0; table < body.length; table += 65) tables.push(body.subarray(table + 1, table + 65));
		if (marker === 0xdd) restartInterval = body.readUInt16BE(0);
		if (marker === 0xda) return { tables: Buffer.concat(tables), scan: bytes.subarray(end, -2), restartInterval };
		at = end;
	}
}
