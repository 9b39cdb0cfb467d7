import { decodeLegacy } from "@mivisus/wire/container";

/** The browser's own video decoders, as a pipe asks for them. */
export const BROWSER_DECODERS = {
	make: (output: (frame: VideoFrame) => void, error: (error: Error) => void) => {
		const decoder = new VideoDecoder({ output, error });
		return {
			get state() {
				return decoder.state;
			},
			configure: (config: VideoDecoderConfig) => decoder.configure(config),
			decode: (chunk: EncodedVideoChunkInit) => decoder.decode(new EncodedVideoChunk(chunk)),
			close: () => decoder.close(),
		};
	},
	supported: async (config: VideoDecoderConfig) => (await VideoDecoder.isConfigSupported(config)).supported ?? false,
};

/** A frame of the legacy container, or nothing for a damaged one. */
export function openFrame(payload: Uint8Array) {
	try {
		return decodeLegacy(payload);
	} catch {
		return undefined;
	}
}
