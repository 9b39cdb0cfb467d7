/**
 * What a camera of the fan-out benchmarks sends: 25 pictures a second and 4 Mbit/s, each group a key frame and frames of a
 * fifth of its size. Each frame carries when it was handed to the transport and its number; the rest is noise.
 */
import { randomFillSync } from "node:crypto";

export const FPS = 25;
export const MBITS = 4;
/** How much larger a key frame is. */
const KEY_FACTOR = 5;
/** The time in a double, the number in 32 bits; in the machine's own byte order, nothing of it leaves the machine. */
const HEADER_BYTES = 12;

/** The system's monotonic clock, ms: the same for all processes of the machine. */
export const monotonicMs = () => performance.now() + ORIGIN_MS;
const ORIGIN_MS = Number(process.hrtime.bigint()) / 1e6 - performance.now();

const scratch = new Uint8Array(HEADER_BYTES);
const time = new Float64Array(scratch.buffer, 0, 1);
const number = new Uint32Array(scratch.buffer, 8, 1);

/** Writes a frame's header: `sentMs` on {@link monotonicMs}, `sequence` within its broadcast. */
export function stamp(frame: Uint8Array, sentMs: number, sequence: number): void {
	time[0] = sentMs;
	number[0] = sequence;
	frame.set(scratch);
}
/** Reads it into `into`, without an object for each frame. */
export function readStamp(frame: Uint8Array, into: { sentMs: number; sequence: number }): void {
	if (frame.length < HEADER_BYTES) throw new Error(`a frame of ${frame.length} bytes is none of this benchmark's`);
	for (let i = 0; i < HEADER_BYTES; i++) scratch[i] = frame[i]!;
	into.sentMs = time[0]!;
	into.sequence = number[0]!;
}

/** Frames without header for groups of `gopSeconds`. Take a copy of one for each picture: transports keep what they are given. */
export function templates(gopSeconds: number): { gopFrames: number; key: Buffer; other: Buffer } {
	const gopFrames = gopSeconds * FPS;
	const bytes = Math.round((MBITS * 1e6 * gopSeconds) / 8 / (gopFrames - 1 + KEY_FACTOR));
	return {
		gopFrames,
		key: randomFillSync(Buffer.alloc(bytes * KEY_FACTOR)),
		other: randomFillSync(Buffer.alloc(bytes)),
	};
}
