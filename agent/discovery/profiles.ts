import { plainText } from "./answer.ts";
import { MAX_DEVICE_LENGTH, MAX_PROFILES } from "./limits.ts";
import { find, findAll, textAt, type XmlElement } from "./xml.ts";

/** A picture that the device offers. */
export interface Profile {
	/** By which the device knows it. */
	token: string;
	name: string;
	/** The lens or channel that it shows: a recorder has several. Empty where the device does not say. */
	source: string;
	/** `H264`, `H265`, `JPEG`, or the device's own word in capitals. */
	codec: string;
	/** Pixels; 0 where the device does not say. */
	width: number;
	height: number;
}

/** Reads `GetProfilesResponse` of either media service; profiles without an encoded picture are left out. */
export function readProfiles(body: XmlElement): Profile[] {
	return findAll(body, "Profiles").slice(0, MAX_PROFILES).flatMap(readProfile);
}

function readProfile(element: XmlElement): Profile[] {
	const token = element.attributes.get("token") ?? "";
	// The first service says ...Configuration, the second one puts it inside of `Configurations`.
	const encoder = find(element, "VideoEncoderConfiguration") ?? find(element, "VideoEncoder");
	const source = find(element, "VideoSourceConfiguration") ?? find(element, "VideoSource");
	if (!encoder || token === "" || token.length > MAX_DEVICE_LENGTH) return [];
	const pixels = (name: string) => {
		const value = Number(textAt(encoder, "Resolution", name));
		return Number.isInteger(value) && value > 0 && value < 65_536 ? value : 0;
	};
	return [
		{
			token,
			name: plainText(textAt(element, "Name")) ?? plainText(token) ?? "",
			source: source ? textAt(source, "SourceToken") : "",
			codec: codecOf(textAt(encoder, "Encoding")),
			width: pixels("Width"),
			height: pixels("Height"),
		},
	];
}

/** `H.264`, `H264`, `video/H264`, `HEVC`: cameras write the same thing in several ways. */
function codecOf(text: string): string {
	const word = text
		.toUpperCase()
		.replace(/^VIDEO\//, "")
		.replaceAll(".", "");
	if (word === "HEVC") return "H265";
	if (word === "AVC") return "H264";
	return word === "MJPEG" ? "JPEG" : word.slice(0, 20);
}

/** From this width on, an H.264 picture is good enough for looking at it enlarged; every browser shows it. */
const MAIN_WIDTH = 1280;
/** A second stream should not be narrower: then a tile shows nothing. */
const SUB_WIDTH = 320;

/**
 * The two pictures to take. Main: the largest H.264, because every browser shows it; if that is a small one, the largest
 * that can be shown by some. Sub: the smallest H.264 that fills a tile, so that whoever cannot show an H.265 main picture
 * sees that. Both show the same lens.
 */
export function choosePictures(profiles: readonly Profile[], source: string): { main?: Profile; sub?: Profile } {
	const area = ({ width, height }: Profile) => width * height;
	const ofCodec = (codec: string) =>
		profiles
			.filter((profile) => profile.source === source && profile.codec === codec)
			.toSorted((a, b) => area(b) - area(a));
	const [h264, h265, jpeg] = [ofCodec("H264"), ofCodec("H265"), ofCodec("JPEG")];
	const [large, tall] = [h264[0], h265[0]];
	const h265Wins = tall && (!large || (large.width < MAIN_WIDTH && area(tall) > area(large)));
	const main = h265Wins ? tall : (large ?? jpeg[0]);
	if (!main) return {};
	const smaller = (h264.length > 0 ? h264 : h265).filter((profile) => profile !== main && area(profile) < area(main));
	const sub = smaller.findLast(({ width }) => width >= SUB_WIDTH) ?? smaller[0];
	return sub ? { main, sub } : { main };
}
