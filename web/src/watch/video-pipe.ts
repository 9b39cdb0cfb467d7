import { JPEG_CODEC } from "@mivisus/wire/catalog";
import { DECODER_SILENT_MS, MAX_DECODING, MAX_DECODING_MS } from "./limits.ts";
import type { Picture } from "./presenter.ts";

/** What a rendition says to the decoder. */
export interface VideoConfig {
	codec: string;
	description?: Uint8Array<ArrayBuffer>;
	codedWidth?: number;
	codedHeight?: number;
}
/** What the pipe needs of a `VideoDecoder`. */
export interface Decoder {
	readonly state: "unconfigured" | "configured" | "closed";
	configure(config: VideoConfig & { optimizeForLatency: boolean; hardwareAcceleration: HardwareAcceleration }): void;
	decode(chunk: { type: "key" | "delta"; timestamp: number; data: Uint8Array }): void;
	close(): void;
}
export type MakeDecoder<P extends Picture> = (
	codec: string,
	output: (picture: P) => void,
	error: (error: Error) => void,
) => Decoder;

/** What happened to the decoder. A reclaimed or failed one is normal: the next key picture begins anew. */
export type PipeFault = "unsupported" | "failed" | "silent";

/** Access units in, pictures out, with the decoder rebuilt whenever it dies. Never throws out of `push`. */
export class VideoPipe<P extends Picture> {
	#make: MakeDecoder<P>;
	#decoder: Decoder | undefined;
	#config: VideoConfig | undefined;
	#changed = false;
	#needKey = true;
	#software = false;
	/** When each chunk still in the decoder went in. */
	#inside: number[] = [];
	#lastOutputMs = 0;
	#output: (picture: P) => void;
	#fault: (fault: PipeFault) => void;
	#supported: (config: VideoConfig) => Promise<boolean>;
	#now: () => number;
	/** Access units not given to the decoder. */
	dropped = 0;

	constructor(options: {
		make: MakeDecoder<P>;
		output: (picture: P) => void;
		/** The pipe waits for a key picture from then on; `unsupported` is final for this configuration. */
		fault: (fault: PipeFault) => void;
		/** Asked after a failure: browsers do not agree on the error by which they say that a codec is not theirs. */
		supported: (config: VideoConfig) => Promise<boolean>;
		now: () => number;
	}) {
		this.#make = options.make;
		this.#output = options.output;
		this.#fault = options.fault;
		this.#supported = options.supported;
		this.#now = options.now;
	}
	get decoding(): number {
		return this.#inside.length;
	}
	/** Takes effect at the next key picture, so that a changed stream never meets the old configuration. */
	configure(config: VideoConfig): void {
		if (this.#config && sameConfig(this.#config, config)) return;
		// Another kind of decoder shows these: the one there is cannot be set up anew.
		if ((this.#config?.codec === JPEG_CODEC) !== (config.codec === JPEG_CODEC)) this.stop();
		this.#config = config;
		this.#changed = true;
		this.#needKey = true;
		this.#software = false;
	}
	/** `begins`: a group begins with it, so that a decoder can start; with MJPEG it can anywhere. */
	push(timestampUs: number, data: Uint8Array, begins: boolean): void {
		const key = begins || this.#config?.codec === JPEG_CODEC;
		if (!this.#config || (this.#needKey && !key) || this.#behind()) {
			this.#needKey = true;
			this.dropped += 1;
			return;
		}
		try {
			const decoder = this.#ready(this.#config);
			decoder.decode({ type: key ? "key" : "delta", timestamp: timestampUs, data });
			this.#needKey = false;
			if (this.#inside.length === 0) this.#lastOutputMs = this.#now();
			this.#inside.push(this.#now());
		} catch (error) {
			this.#failed(error as Error);
		}
	}
	/** Called now and then: finds a decoder that takes chunks and gives nothing back. */
	watch(): void {
		if (this.#inside.length === 0 || this.#now() - this.#lastOutputMs < DECODER_SILENT_MS) return;
		this.stop();
		this.#software = true;
		this.#fault("silent");
	}
	/** Lets the decoder go; the configuration stays and the next key picture makes a new one. */
	stop(): void {
		const decoder = this.#decoder;
		this.#decoder = undefined;
		this.#inside = [];
		this.#needKey = true;
		if (decoder && decoder.state !== "closed") decoder.close();
	}
	#behind(): boolean {
		const oldest = this.#inside[0];
		if (oldest === undefined) return false;
		return this.#inside.length >= MAX_DECODING || this.#now() - oldest > MAX_DECODING_MS;
	}
	#ready(config: VideoConfig): Decoder {
		if (this.#decoder?.state === "closed") this.#decoder = undefined;
		if (!this.#decoder) {
			const decoder = this.#make(
				config.codec,
				(picture) => {
					// A late picture of a decoder that was let go belongs to nobody.
					if (this.#decoder !== decoder) return picture.close();
					this.#inside.shift();
					this.#lastOutputMs = this.#now();
					this.#output(picture);
				},
				(error) => {
					if (this.#decoder === decoder) this.#failed(error);
				},
			);
			this.#decoder = decoder;
			this.#inside = [];
			this.#changed = true;
		}
		if (this.#changed) {
			this.#decoder.configure({
				...config,
				optimizeForLatency: true,
				hardwareAcceleration: this.#software ? "prefer-software" : "no-preference",
			});
			this.#changed = false;
			this.#inside = [];
		}
		return this.#decoder;
	}
	#failed(error: Error): void {
		this.stop();
		if (error.name === "NotSupportedError" || error instanceof TypeError) {
			this.#giveUp();
			return;
		}
		this.#fault("failed");
		const config = this.#config;
		if (!config) return;
		void this.#supported(config).then((supported) => {
			if (!supported && config === this.#config) this.#giveUp();
		});
	}
	/** Nothing more is fed until another configuration comes. */
	#giveUp(): void {
		this.stop();
		this.#config = undefined;
		this.#fault("unsupported");
	}
}

function sameConfig(a: VideoConfig, b: VideoConfig): boolean {
	const bytes = (config: VideoConfig) => config.description?.join() ?? "";
	return (
		a.codec === b.codec && a.codedWidth === b.codedWidth && a.codedHeight === b.codedHeight && bytes(a) === bytes(b)
	);
}
