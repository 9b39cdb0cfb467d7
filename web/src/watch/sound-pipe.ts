/** Decodes one camera's sound. Errors only silence it: the next piece begins anew. */
export class SoundPipe {
	#decoder: AudioDecoder | undefined;
	#config: AudioDecoderConfig | undefined;
	#output: (planes: Float32Array<ArrayBuffer>[], sampleRate: number, timestampUs: number) => void;

	constructor(output: (planes: Float32Array<ArrayBuffer>[], sampleRate: number, timestampUs: number) => void) {
		this.#output = output;
	}
	configure(config: AudioDecoderConfig): void {
		this.stop();
		this.#config = config;
	}
	push(timestampUs: number, data: Uint8Array): void {
		if (!this.#config || typeof AudioDecoder === "undefined") return;
		try {
			if (!this.#decoder || this.#decoder.state === "closed") {
				this.#decoder = new AudioDecoder({ output: (piece) => this.#give(piece), error: () => this.stop() });
				this.#decoder.configure(this.#config);
			}
			// Each audio access unit stands alone.
			this.#decoder.decode(new EncodedAudioChunk({ type: "key", timestamp: timestampUs, data }));
		} catch {
			this.stop();
		}
	}
	stop(): void {
		const decoder = this.#decoder;
		this.#decoder = undefined;
		if (decoder && decoder.state !== "closed") decoder.close();
	}
	#give(piece: AudioData): void {
		try {
			const planes = Array.from({ length: Math.min(2, piece.numberOfChannels) }, (_, planeIndex) => {
				const plane = new Float32Array(piece.numberOfFrames);
				piece.copyTo(plane, { planeIndex, format: "f32-planar" });
				return plane;
			});
			this.#output(planes, piece.sampleRate, piece.timestamp);
		} finally {
			piece.close();
		}
	}
}
