import { JPEG_CODEC } from "@mivisus/wire/catalog";
import { decodeLegacy } from "@mivisus/wire/container";
import { JpegDecoder, showJpeg } from "./jpeg-decoder.ts";
import type { Decoder } from "./video-pipe.ts";

type Output = (frame: VideoFrame) => void;
type Failure = (error: Error) => void;

function videoDecoder(output: Output, error: Failure): Decoder {
	const decoder = new VideoDecoder({ output, error });
	return {
		get state() {
			return decoder.state;
		},
		configure: (config) => decoder.configure(config),
		decode: (chunk) => decoder.decode(new EncodedVideoChunk(chunk as EncodedVideoChunkInit)),
		close: () => decoder.close(),
	};
}

/** The browser's own decoders, as a pipe asks for them. */
export const BROWSER_DECODERS = {
	make: (codec: string, output: Output, error: Failure): Decoder =>
		codec === JPEG_CODEC ? new JpegDecoder(showJpeg, output, error) : videoDecoder(output, error),
	supported: async (config: VideoDecoderConfig) =>
		config.codec === JPEG_CODEC || ((await VideoDecoder.isConfigSupported(config)).supported ?? false),
};

/** A frame of the legacy container, or nothing for a damaged one. */
export function openFrame(payload: Uint8Array) {
	try {
		return decodeLegacy(payload);
	} catch {
		return undefined;
	}
}
