import { MAX_PICTURE_BYTES } from "../rtsp/limits.ts";
import { MarkerTrust } from "./marker.ts";
import { apart, MAX_PIECES, sameConfig, type VideoConfig, type VideoUnit } from "./video.ts";

/** What may stand before a picture's first slice: cameras put their own findings there. */
const MAX_LEADING_BYTES = 256 * 1024;
const MAX_LEADING = 64;

/** One slice of a picture, as its codec reads it. `Head` is what the codec wants to know of a picture's first slice. */
export interface Slice<Head> {
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
	nals: Uint8Array[];
	bytes: number;
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
		else this.#leading.push(apart(nal));
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
			const bytes = nals.reduce((sum, leading) => sum + 4 + leading.length, 0);
			this.#leading = [];
			this.#picture = { nals, bytes, timestamp, key: false, head: head(), arrivedMs: this.#nowMs, damaged: !first };
		}
		this.#picture.key ||= key;
		this.#add(this.#picture, nal);
	}
	#add(picture: Picture<Head>, nal: Uint8Array): void {
		picture.nals.push(apart(nal));
		picture.bytes += 4 + nal.length;
		picture.arrivedMs = this.#nowMs;
		if (picture.bytes <= MAX_PICTURE_BYTES && picture.nals.length <= MAX_PIECES) return;
		// Nothing of it is kept: an endless picture must not fill the memory.
		picture.nals = [];
		picture.bytes = 0;
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
		const unit: VideoUnit = { timestamp, key, arrivedMs, data: lengthPrefixed(picture) };
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

function lengthPrefixed({ nals, bytes }: Picture<unknown>): Uint8Array {
	const data = new Uint8Array(bytes);
	const view = new DataView(data.buffer);
	let at = 0;
	for (const nal of nals) {
		view.setUint32(at, nal.length);
		data.set(nal, at + 4);
		at += 4 + nal.length;
	}
	return data;
}
