import type { AudioConfig } from "./audio.ts";
import { BitReader, tolerant } from "./bits.ts";

/** What AAC needs beyond a decoder's set-up. */
export interface AacSetup {
	config: AudioConfig;
	/** How long one access unit sounds, seconds. */
	unitS: number;
}

/** Sampling rates by index (ISO/IEC 14496-3, table 1.18). */
const RATES = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350];
/** AAC LC, and the same with SBR and with parametric stereo: what browsers decode (audio object types, table 1.17). */
const TYPES = { lc: 2, sbr: 5, parametricStereo: 29 } as const;
/** A longer access unit is none (ISO/IEC 14496-3: 6144 bits a channel, eight channels). */
export const MAX_AU_BYTES = 8 * 768;

/** What the bytes of an AudioSpecificConfig say; undefined when it cannot be played or read. */
export function parseAudioConfig(bytes: Uint8Array): AacSetup | undefined {
	return tolerant(() => {
		const setup = readAudioConfig(new BitReader(bytes));
		// As the camera wrote it: extensions that older readers pass over may follow.
		return setup && { ...setup, config: { ...setup.config, description: bytes } };
	});
}

/** `config` of a session description: an AudioSpecificConfig in hexadecimal digits. */
export function hexBytes(text: string | undefined): Uint8Array | undefined {
	return /^([0-9A-Fa-f]{2}){2,64}$/.test(text ?? "") ? new Uint8Array(Buffer.from(text!, "hex")) : undefined;
}

/** Reads an AudioSpecificConfig that begins at any bit; the reader stands behind it. Throws RangeError at the end. */
export function readAudioConfig(reader: BitReader): AacSetup | undefined {
	const begin = reader.position;
	const type = objectType(reader);
	const coreRate = rate(reader);
	const channels = reader.bits(4);
	const extended = type === TYPES.sbr || type === TYPES.parametricStereo;
	const sampleRate = extended ? rate(reader) : coreRate;
	const coreType = extended ? objectType(reader) : type;
	// GASpecificConfig (ISO/IEC 14496-3, section 4.4.1).
	const shortFrame = reader.flag();
	if (reader.flag()) reader.skip(14);
	const odd = reader.flag();
	// 7 is the layout with eight channels; 0 means a description inside, which cameras do not use.
	const numberOfChannels = channels === 7 ? 8 : channels;
	if (!coreRate || !sampleRate || numberOfChannels === 0 || numberOfChannels > 8) return undefined;
	if (coreType !== TYPES.lc || odd) return undefined;
	const description = reader.since(begin);
	const config = { codec: `mp4a.40.${type}`, description, sampleRate, numberOfChannels };
	return { config, unitS: (shortFrame ? 960 : 1024) / coreRate };
}

function objectType(reader: BitReader): number {
	const type = reader.bits(5);
	return type === 31 ? 32 + reader.bits(6) : type;
}
function rate(reader: BitReader): number | undefined {
	const index = reader.bits(4);
	return index === 15 ? reader.bits(24) : RATES[index];
}
