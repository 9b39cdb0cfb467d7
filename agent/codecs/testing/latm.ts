import { BitWriter } from "../bits.ts";

interface MuxOptions {
	subFrames?: number;
	programs?: number;
	layers?: number;
	lengthType?: number;
	objectType?: number;
	/** 8 is 16 kHz. */
	rateIndex?: number;
	otherBits?: number;
}

function writeMux(writer: BitWriter, options: MuxOptions): void {
	writer.bits(0, 1);
	writer.bits(1, 1);
	writer.bits((options.subFrames ?? 1) - 1, 6);
	writer.bits((options.programs ?? 1) - 1, 4);
	writer.bits((options.layers ?? 1) - 1, 3);
	// AudioSpecificConfig: object type, rate, one channel, and three flags.
	writer.bits(options.objectType ?? 2, 5);
	writer.bits(options.rateIndex ?? 8, 4);
	writer.bits(1, 4);
	writer.bits(0, 3);
	writer.bits(options.lengthType ?? 0, 3);
	writer.bits(0xff, 8);
	writer.bits(options.otherBits ? 1 : 0, 1);
	if (options.otherBits) writer.bits(options.otherBits, 9);
	writer.bits(0, 1);
}
/** A StreamMuxConfig (ISO/IEC 14496-3, section 1.7.3): one program with one layer of AAC LC, 16 kHz, mono. */
export function streamMux(options: MuxOptions = {}): Uint8Array {
	const writer = new BitWriter();
	writeMux(writer, options);
	return writer.bytes();
}
/** An audioMuxElement with these units; `mux` and `same` are for the set-up in the stream. */
export function latmElement(
	units: readonly (readonly number[])[],
	{ mux, same, otherBits = 0 }: { mux?: MuxOptions; same?: boolean; otherBits?: number } = {},
): number[] {
	const writer = new BitWriter();
	if (mux || same) writer.bits(same ? 1 : 0, 1);
	if (mux) writeMux(writer, { subFrames: units.length, ...mux });
	for (const unit of units) {
		let left = unit.length;
		for (; left >= 255; left -= 255) writer.bits(255, 8);
		writer.bits(left, 8);
		for (const byte of unit) writer.bits(byte, 8);
	}
	writer.bits(0, otherBits);
	return [...writer.bytes()];
}
