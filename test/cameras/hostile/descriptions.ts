import { AUDIO_SDP, type Script, SDP } from "../scripted.ts";
import { type Behaviour, named } from "./behaviour.ts";

const gop: Script = { play: (peer) => peer.frames(peer.media.gop(10)) };
/** A plain camera with such a description. */
const described = (sdp: string | Buffer): Script => ({
	...gop,
	answer: ({ method, url, headers }, peer) => {
		if (method !== "DESCRIBE") return undefined;
		const body = Buffer.from(sdp);
		peer.send(
			Buffer.concat([
				Buffer.from(
					`RTSP/1.0 200 OK\r\nCSeq: ${headers.get("cseq")}\r\nContent-Base: ${url}/\r\nContent-Length: ${body.length}\r\n\r\n`,
				),
				body,
			]),
		);
		return null;
	},
});
const sprop = (value: string) =>
	SDP.replace("packetization-mode=1", `packetization-mode=1;sprop-parameter-sets=${value}`);
const base64 = (hex: string) => Buffer.from(hex, "hex").toString("base64");

/** Hostile session descriptions. */
export const DESCRIPTIONS: Behaviour[] = named("description", {
	empty: described(""),
	"one line of 60 KB": described(`v=${"0".repeat(60_000)}`),
	"ten thousand media": described("m=video\r\n".repeat(7000)),
	"a thousand videos": described(SDP + "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n".repeat(1000)),
	"a thousand sounds": described(SDP + AUDIO_SDP.repeat(1000)),
	"no format": described("m=video 0 RTP/AVP\r\n"),
	"payload type 999": described(SDP.replaceAll("96", "999")),
	"payload type -1": described(SDP.replaceAll("96", "-1")),
	"a clock of 0": described(SDP.replace("90000", "0")),
	"a clock of 1e99": described(SDP.replace("90000", "1e99")),
	"a negative clock": described(SDP.replace("90000", "-90000")),
	"an endless clock": described(SDP.replace("90000", "9".repeat(5000))),
	"a codec's name of 50 KB": described(SDP.replace("H264", "H".repeat(50_000))),
	"a codec's name that a terminal obeys": described(SDP.replace("H264", "\u001b]0;x\u0007\u202eH264")),
	"a codec's name that is markup": described(SDP.replace("H264", "<script>alert(1)</script>")),
	"parameter sets of 60 KB": described(sprop("A".repeat(60_000))),
	"ten thousand parameter sets": described(sprop("Z0IA,".repeat(10_000))),
	"parameter sets that are none": described(sprop("%%%,\0\0,====")),
	"an SPS of one byte": described(sprop(base64("67"))),
	"an SPS of zeros": described(sprop(base64(`67${"00".repeat(40)}`))),
	"an SPS of ones": described(sprop(base64(`67${"ff".repeat(40)}`))),
	"an SPS with an endless number": described(sprop(base64(`67640028${"00".repeat(2000)}`))),
	"control with a line break": described(SDP.replace("track1", "track1\rSETUP rtsp://192.0.2.1/ RTSP/1.0")),
	"control on another host": described(SDP.replace("track1", "rtsp://192.0.2.1:80/track1")),
	"control with a scheme of its own": described(SDP.replace("track1", "javascript:alert(1)")),
	"control of 30 KB": described(SDP.replace("track1", "t".repeat(30_000))),
	"control of nothing but slashes": described(SDP.replace("track1", "/".repeat(1000))),
	"control with percent signs": described(SDP.replace("track1", "%%%00%ff%")),
	"bytes that are no text": described(Buffer.from(Array.from({ length: 4096 }, (_, n) => n & 0xff))),
	"zero bytes between the letters": described(Buffer.from(SDP, "utf16le")),
	"a byte order mark": described(`\ufeff${SDP}`),
	"a web page": described("<html><body>m=video</body></html>"),
	JSON: described('{"m":"video","__proto__":{"x":1}}'),
	"names of built-ins as parameters": described(
		SDP.replace("packetization-mode=1", "__proto__=1;constructor=2;toString=3;hasOwnProperty=4"),
	),
	"fmtp of ten thousand parameters": described(
		SDP.replace("packetization-mode=1", Array.from({ length: 5000 }, (_, n) => `p${n}=1`).join(";")),
	),
	"only the way to a loudspeaker": described(`${AUDIO_SDP}a=sendonly\r\n`),
	"a base of 12 KB": {
		...gop,
		answer: ({ method }) =>
			method === "DESCRIBE" ? { status: 200, headers: { "Content-Base": "x".repeat(12_000) }, body: SDP } : undefined,
	},
	"a base on another host with credentials": {
		...gop,
		answer: ({ method }) =>
			method === "DESCRIBE"
				? { status: 200, headers: { "Content-Base": "rtsp://a:b@c:d@192.0.2.1/x" }, body: SDP }
				: undefined,
	},
});
