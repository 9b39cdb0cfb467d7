import { withRoom } from "@mivisus/wire/room";
import { MAX_PICTURE_BYTES } from "../rtsp/limits.ts";
import { MarkerTrust } from "./marker.ts";
import { MAX_PIECES, sameConfig, type VideoConfig, type VideoUnit } from "./video.ts";

/** What may stand before a picture's first slice: cameras put their own findings there. */
const MAX_LEADING_BYTES = 256 * 1024;
const MAX_LEADING = 64;

/** One slice of a picture, as its codec reads it. `Head` is what the codec wants to know of a picture's first slice. */
export interface Slice<Head> {
	/** Copied before the call returns. */
	nal: Uint8Array;
	timestamp: number;
	/** Whether it begins a picture. */
	first: boolean;
	key: boolean;
	head(): Head;
}
/** What a codec says of whole pictures. */
export interface PictureRules<Head> {
	/** The set-up that a key picture needs, or undefined when its parameter sets have not come. */
	describe(head: Head): VideoConfig | undefined;
	/** Hears of each undamaged picture in order; false leaves it out. `starts`: nothing before it was shown. */
	accept(head: Head, starts: boolean): boolean;
}
interface Picture<Head> {
	/** Its NAL units so far, each behind its length; more than `bytes`, so that the next one may fit. */
	data: Uint8Array;
	bytes: number;
	pieces: number;
	timestamp: number;
	key: boolean;
	head: Head;
	arrivedMs: number;
	damaged: boolean;
}

/**
 * Makes pictures of NAL units. They are cut by their content; marker and timestamp are only hints, because cameras set
 * them wrongly (P02). After any damage nothing comes out until the next key picture.
 */
export class Pictures<Head> {
	#rules: PictureRules<Head>;
	#config: VideoConfig | undefined;
	#picture: Picture<Head> | undefined;
	/** NAL units before the first slice of the next picture. */
	#leading: Uint8Array[] = [];
	#waiting = true;
	#marker = new MarkerTrust();
	#nowMs = 0;
	#out: VideoUnit[] = [];

	constructor(rules: PictureRules<Head>) {
		this.#rules = rules;
	}
	/** Before what a packet brings that came at `nowMs`. */
	arrived(nowMs: number): void {
		this.#nowMs = nowMs;
	}
	/** After it; `open`: its last unit is not whole yet. Gives the pictures that are. */
	take(marker: boolean, open: boolean): VideoUnit[] {
		if (this.#marker.seen(marker && this.#picture !== undefined && !open)) this.cut();
		const out = this.#out;
		this.#out = [];
		return out;
	}
	/** Something before the next unit is missing. */
	damage(): void {
		// A picture whose marker came is whole: what is lost belongs to the next one.
		if (this.#marker.saysWhole) this.cut();
		this.#marker.clear();
		if (this.#picture) this.#picture.damaged = true;
		this.#waiting = true;
	}
	/** A unit that stands before the first slice of its picture. */
	lead(nal: Uint8Array): void {
		const held = this.#leading.reduce((sum, { length }) => sum + length, nal.length);
		// No decoder needs them: a camera that sends them for ever loses them, and nothing else.
		if (held > MAX_LEADING_BYTES || this.#leading.length >= MAX_LEADING) this.#leading = [];
		else this.#leading.push(new Uint8Array(nal));
	}
	/** A unit that stands behind the last slice of its picture; without one it is nobody's. */
	trail(nal: Uint8Array): void {
		if (!this.#picture) return;
		this.#marker.pictureGoesOn();
		this.#add(this.#picture, nal);
	}
	slice({ nal, timestamp, first, key, head }: Slice<Head>): void {
		if (this.#picture && (first || (this.#picture.timestamp !== timestamp && this.#picture.damaged))) this.cut();
		if (!first) {
			// Where a marker that lied was believed, what went out was a part of a picture.
			const believed = !this.#picture && this.#marker.saysWhole;
			this.#marker.pictureGoesOn();
			if (believed) this.damage();
		}
		this.#marker.clear();
		if (!this.#picture) {
			const nals = this.#leading;
			// Most cameras send a picture as one slice: then this is all the memory that it ever needs.
			const bytes = nals.reduce((sum, leading) => sum + LENGTH_BYTES + leading.length, LENGTH_BYTES + nal.length);
			this.#leading = [];
			const [data, arrivedMs] = [withRoom(bytes), this.#nowMs];
			this.#picture = { data, bytes: 0, pieces: 0, timestamp, key: false, head: head(), arrivedMs, damaged: !first };
			for (const leading of nals) append(this.#picture, leading);
		}
		this.#picture.key ||= key;
		this.#add(this.#picture, nal);
	}
	#add(picture: Picture<Head>, nal: Uint8Array): void {
		picture.arrivedMs = this.#nowMs;
		if (picture.bytes + LENGTH_BYTES + nal.length <= MAX_PICTURE_BYTES && picture.pieces < MAX_PIECES) {
			append(picture, nal);
			return;
		}
		// Nothing of it is kept: an endless picture must not fill the memory.
		picture.data = new Uint8Array(0);
		picture.bytes = 0;
		picture.pieces = 0;
		picture.damaged = true;
	}
	/** The picture that is being gathered ends here. */
	cut(): void {
		const picture = this.#picture;
		if (!picture) return;
		this.#picture = undefined;
		this.#marker.pictureEnded();
		if (picture.damaged) this.#waiting = true;
		if (picture.damaged || (this.#waiting && !picture.key)) return;
		const { timestamp, key, arrivedMs, head } = picture;
		if (!this.#rules.accept(head, this.#waiting)) return;
		const unit: VideoUnit = { timestamp, key, arrivedMs, data: whole(picture) };
		if (key) {
			const config = this.#rules.describe(head);
			this.#waiting = config === undefined;
			if (!config) return;
			if (!sameConfig(config, this.#config)) unit.config = config;
			this.#config = config;
		}
		this.#out.push(unit);
	}
}

/** Before each NAL unit, as avcC and hvcC say. */
const LENGTH_BYTES = 4;

function append(picture: Picture<unknown>, nal: Uint8Array): void {
	const bytes = picture.bytes + LENGTH_BYTES + nal.length;
	if (bytes > picture.data.length) {
		const larger = withRoom(2 * bytes);
		larger.set(picture.data.subarray(0, picture.bytes));
		picture.data = larger;
	}
	const { data } = picture;
	for (let n = 0; n < LENGTH_BYTES; n++) data[picture.bytes + n] = (nal.length >>> (24 - 8 * n)) & 0xff;
	data.set(nal, picture.bytes + LENGTH_BYTES);
	picture.bytes = bytes;
	picture.pieces += 1;
}

/** It is kept for the length of its group: memory that it did not need is given back. */
function whole({ data, bytes }: Picture<unknown>): Uint8Array {
	if (data.length - bytes <= bytes / 8) return data.subarray(0, bytes);
	const fitting = withRoom(bytes);
	fitting.set(data.subarray(0, bytes));
	return fitting;
}
