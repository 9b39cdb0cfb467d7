import type { Picture } from "./presenter.ts";
import type { Decoder } from "./video-pipe.ts";

/** JPEG pictures in, pictures out in the same order, with the shape of a `VideoDecoder`. One at a time is decoded. */
export class JpegDecoder<P extends Picture> implements Decoder {
	#state: Decoder["state"] = "unconfigured";
	#show: (data: Uint8Array, timestampUs: number) => Promise<P>;
	#output: (picture: P) => void;
	#error: (error: Error) => void;
	#last = Promise.resolve();

	/** `show` decodes one picture; what it gives is the output's, which closes it. */
	constructor(
		show: (data: Uint8Array, timestampUs: number) => Promise<P>,
		output: (picture: P) => void,
		error: (error: Error) => void,
	) {
		this.#show = show;
		this.#output = output;
		this.#error = error;
	}
	get state(): Decoder["state"] {
		return this.#state;
	}
	configure(): void {
		this.#state = "configured";
	}
	decode({ timestamp, data }: { timestamp: number; data: Uint8Array }): void {
		this.#last = this.#last.then(async () => {
			if (this.#state === "closed") return;
			try {
				const picture = await this.#show(data, timestamp);
				if (this.#isClosed) picture.close();
				else this.#output(picture);
			} catch (error) {
				if (this.#isClosed) return;
				this.close();
				this.#error(error as Error);
			}
		});
	}
	close(): void {
		this.#state = "closed";
	}
	/** Asked anew after each wait: it may have been closed meanwhile. */
	get #isClosed(): boolean {
		return this.#state === "closed";
	}
}

/** Decodes one JPEG picture by the browser; `createImageBitmap` where there is no `ImageDecoder`. */
export async function showJpeg(data: Uint8Array, timestamp: number): Promise<VideoFrame> {
	const bytes = data as Uint8Array<ArrayBuffer>;
	const type = "image/jpeg";
	if (typeof ImageDecoder === "undefined") {
		const bitmap = await createImageBitmap(new Blob([bytes], { type }));
		try {
			return new VideoFrame(bitmap, { timestamp });
		} finally {
			bitmap.close();
		}
	}
	const decoder = new ImageDecoder({ data: bytes, type });
	try {
		const { image } = await decoder.decode();
		try {
			return new VideoFrame(image, { timestamp });
		} finally {
			image.close();
		}
	} finally {
		decoder.close();
	}
}
