/** One media section, as far as it could be read. */
export interface SdpMedia {
	/** `video`, `audio` or what else the camera wrote. */
	kind: string;
	/** The `m=` line, for messages to people. */
	line: string;
	/** RTP payload type of the first format, or undefined when the section names none. */
	payloadType: number | undefined;
	/** Upper case, e.g. `H264`; empty when unknown. */
	encoding: string;
	/** Ticks a second; 0 when unknown. */
	clockRate: number;
	channels: number | undefined;
	/** Parameters of `a=fmtp`, names in lower case. */
	format: ReadonlyMap<string, string>;
	control: string | undefined;
	/** `sendrecv` when the camera says nothing. */
	direction: string;
}
export interface Sdp {
	control: string | undefined;
	media: SdpMedia[];
}

/** Payload types that need no `rtpmap` (RFC 3551, section 6). */
const STATIC: Record<number, { encoding: string; clockRate: number }> = {
	0: { encoding: "PCMU", clockRate: 8000 },
	2: { encoding: "G726-32", clockRate: 8000 },
	8: { encoding: "PCMA", clockRate: 8000 },
	26: { encoding: "JPEG", clockRate: 90000 },
};

interface Section {
	kind: string;
	line: string;
	formats: number[];
	attributes: [name: string, value: string][];
}

/**
 * Reads a session description for what matters here and ignores the rest: cameras write malformed lines that do not
 * (S01). Never throws; a bad media section only spoils itself.
 */
export function parseSdp(text: string): Sdp {
	const session: Section = { kind: "session", line: "", formats: [], attributes: [] };
	const sections: Section[] = [];
	for (const raw of text.split(/\r\n|\n|\r/)) {
		const line = raw.trim();
		if (line.startsWith("m=")) {
			const [kind = "", , , ...formats] = line.slice(2).split(/\s+/);
			const numbers = formats.map((format) => (/^\d{1,3}$/.test(format) ? Number(format) : -1));
			sections.push({
				kind: kind.toLowerCase(),
				line,
				formats: numbers.filter((number) => number >= 0 && number < 128),
				attributes: [],
			});
		} else if (line.startsWith("a=")) {
			const colon = line.indexOf(":");
			const name = (colon < 0 ? line.slice(2) : line.slice(2, colon)).toLowerCase();
			(sections.at(-1) ?? session).attributes.push([name, colon < 0 ? "" : line.slice(colon + 1).trim()]);
		}
	}
	return { control: find(session, "control"), media: sections.map(readMedia) };
}

const find = (section: Section, name: string) =>
	section.attributes.find(([candidate, value]) => candidate === name && value !== "")?.[1];

/** The attribute's value for this payload type; a lone one counts although its number is another (S02). */
function numbered(section: Section, name: string): string | undefined {
	const [payloadType] = section.formats;
	const all = section.attributes
		.filter(([candidate]) => candidate === name)
		.map(([, value]) => /^(\d+)\s+(.*)$/s.exec(value))
		.filter((match) => match !== null);
	const own = all.find(([, number]) => Number(number) === payloadType);
	return (own ?? (section.formats.length === 1 && all.length === 1 ? all[0] : undefined))?.[2];
}

function readMedia(section: Section): SdpMedia {
	const [payloadType] = section.formats;
	const known = payloadType === undefined ? undefined : STATIC[payloadType];
	const [encoding, rate, channels] = numbered(section, "rtpmap")?.split("/") ?? [];
	const direction = section.attributes.find(([name]) => /^(sendrecv|sendonly|recvonly|inactive)$/.test(name))?.[0];
	return {
		kind: section.kind,
		line: section.line,
		payloadType,
		encoding: nameOf(encoding ?? known?.encoding ?? ""),
		clockRate: Number.parseInt(rate ?? "", 10) || known?.clockRate || 0,
		channels: Number.parseInt(channels ?? "", 10) || undefined,
		format: readFormat(numbered(section, "fmtp") ?? ""),
		control: find(section, "control"),
		direction: direction ?? "sendrecv",
	};
}

/** Some cameras write the codec's other name. */
const ALIASES: Record<string, string> = { HEVC: "H265", AVC: "H264", MJPEG: "JPEG" };
const nameOf = (encoding: string) => {
	const name = encoding.trim().toUpperCase();
	return ALIASES[name] ?? name;
};

function readFormat(text: string): Map<string, string> {
	const parameters = new Map<string, string>();
	for (const part of text.split(";")) {
		const equals = part.indexOf("=");
		const name = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
		if (name !== "" && !parameters.has(name)) parameters.set(name, equals < 0 ? "" : part.slice(equals + 1).trim());
	}
	return parameters;
}

/**
 * The URL for SETUP or PLAY (R09): an absolute control as it stands, otherwise the base's text, one slash, the control's
 * text. Resolving by URL rules instead gives addresses that cameras do not know.
 */
export function controlUrl(base: string, control: string | undefined): string {
	if (control === undefined || control === "*") return base;
	if (/^rtsps?:\/\//i.test(control)) return control;
	return base.endsWith("/") ? `${base}${control.replace(/^\/+/, "")}` : `${base}/${control.replace(/^\/+/, "")}`;
}

/** Where a description holds parameter sets (RFC 6184, section 8.1; RFC 7798, section 7.1). */
const SET_PARAMETERS = ["sprop-parameter-sets", "sprop-vps", "sprop-sps", "sprop-pps"];

/** The description's parameter sets, decoded; broken or empty items are left out. */
export function parameterSets(media: SdpMedia): Uint8Array[] {
	const items = SET_PARAMETERS.flatMap((name) => media.format.get(name)?.split(",") ?? []);
	return items.map((item) => new Uint8Array(Buffer.from(item.trim(), "base64"))).filter((set) => set.length > 1);
}

/** What to ask of the camera: one video that can be shown, and its sound, which may turn out not to be playable. */
export type Choice = { ok: true; video: SdpMedia; audio: SdpMedia | undefined } | { ok: false; problem: string };

/** What can be shown, the first is preferred: H.264 plays in every browser, H.265 where the machine helps. */
const VIDEO = ["H264", "H265", "JPEG"];
const AUDIO = ["MPEG4-GENERIC", "MP4A-LATM", "OPUS", "PCMA", "PCMU"];
/** Whether browsers play this sound, as far as its name tells. */
export const isAudible = ({ encoding }: SdpMedia) => AUDIO.includes(encoding);
/** Names people know better than the ones in the description. */
const SPOKEN: Record<string, string> = { "MP4V-ES": "MPEG-4" };

/** The sound's codec as people know it, nothing in it more than a letter. */
export function soundName({ encoding }: SdpMedia): string {
	// The bit order of G.726 contradicts its name on some cameras (go-audio-stream#131): none of them is played.
	if (/G726|G721/.test(encoding)) return "G.726";
	if (encoding === "MPEG4-GENERIC" || encoding === "MP4A-LATM") return "AAC";
	return printable(encoding, 40) || "an unknown codec";
}
/** The camera's words are read by people and by terminals: nothing in them may be more than a letter. */
const printable = (text: string, most: number) => text.replace(/\p{C}/gu, "").slice(0, most);

const usable = ({ payloadType, clockRate }: SdpMedia) => payloadType !== undefined && clockRate > 0;

/** Trouble with sound never stops the picture (S02). */
export function chooseMedia({ media }: Sdp): Choice {
	const videos = media.filter(({ kind }) => kind === "video");
	const offered = VIDEO.flatMap((name) => videos.filter((video) => video.encoding === name && usable(video)));
	const video = offered.find((candidate) => !isInterleaved(candidate));
	if (!video) return { ok: false, problem: offered[0] ? INTERLEAVED : problemOf(videos[0]) };
	// `sendonly` on a camera's description is the way back to its loudspeaker (ONVIF), nothing to listen to.
	const sounds = media.filter((one) => one.kind === "audio" && usable(one) && one.direction !== "sendonly");
	const audio = sounds.find(isAudible) ?? sounds[0];
	return { ok: true, video, audio };
}

/** H.265 whose units are sent in another order than they are decoded (RFC 7798, section 7.1): no camera needs it. */
const isInterleaved = ({ format }: SdpMedia) => Number.parseInt(format.get("sprop-max-don-diff") ?? "", 10) > 0;
const INTERLEAVED =
	"The camera sends its H.265 picture in a mixed-up order, which is not supported. Choose H.264 in the camera's settings.";

/** Why none of the pictures can be shown, by the first. */
function problemOf(first: SdpMedia | undefined): string {
	if (!first) return "The camera offers no picture at this address.";
	const name = SPOKEN[first.encoding] ?? first.encoding;
	return VIDEO.includes(first.encoding) || name === ""
		? `The camera's description of its picture cannot be read: "${printable(first.line, 80)}".`
		: `The camera sends ${printable(name, 40)}, which is not supported yet. Choose H.264 in the camera's settings.`;
}
