import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseMedia, controlUrl, parameterSets, parseSdp } from "./sdp.ts";
import { parseRtspUrl, requestUrl } from "./url.ts";

const read = (text: string) => {
	const parsed = parseRtspUrl(text);
	if (!parsed.ok) throw new Error(parsed.problem);
	const { host, port, path, user, password } = parsed.access;
	return { host, port, path, user, password: password?.reveal(), ambiguous: parsed.ambiguous !== undefined };
};

describe("R01: a pasted address with a password that is not URL-safe", () => {
	const passwords = ["P@ss", "a:b", "a%0Xb", "50%", "pa##X", "a/b", "a?b", "p{q", "a^b", "é"];
	it.each(passwords)("raw %s", (password) => {
		expect(read(`rtsp://viewer:${password}@192.0.2.10:8554/live?x=1`)).toMatchObject({
			host: "192.0.2.10",
			port: 8554,
			path: "/live?x=1",
			user: "viewer",
			password,
		});
	});
	it.each(passwords)("percent-encoded %s", (password) => {
		const encoded = encodeURIComponent(password);
		expect(read(`rtsp://viewer:${encoded}@192.0.2.10/live`)).toMatchObject({
			password,
			ambiguous: encoded !== password,
		});
	});
	it("an @ in the path belongs to the path, and the person is told to look", () => {
		expect(read("rtsp://u:p@192.0.2.10/a@b")).toMatchObject({
			host: "192.0.2.10",
			path: "/a@b",
			password: "p",
			ambiguous: true,
		});
		expect(read("rtsp://192.0.2.10/a@b")).toMatchObject({ host: "192.0.2.10", path: "/a@b", user: undefined });
	});
	it("hosts: names, IPv6, the scheme's own port", () => {
		expect(read("RTSP://cam.local")).toMatchObject({ host: "cam.local", port: 554, path: "" });
		expect(read("rtsps://[2001:db8::1]:7441/x")).toMatchObject({ host: "2001:db8::1", port: 7441 });
		expect(requestUrl({ scheme: "rtsp", host: "2001:db8::1", port: 554, path: "/x y/é" })).toBe(
			"rtsp://[2001:db8::1]/x%20y/%C3%A9",
		);
		expect(parseRtspUrl("rtsp://a:99999/").ok).toBe(false);
		expect(parseRtspUrl("http://a/").ok).toBe(false);
	});
	it("never throws, and request lines hold no credentials unless the person was told to look", () => {
		fc.assert(
			fc.property(fc.string(), (text) => {
				parseRtspUrl(text);
				parseRtspUrl(`rtsp://${text}`);
				const parsed = parseRtspUrl(`rtsp://u:${text}PASS@192.0.2.1/x`);
				if (parsed.ok && parsed.access.password && !parsed.ambiguous)
					expect(requestUrl(parsed.access)).not.toContain("PASS");
			}),
		);
	});
});

describe("R09: the URL for SETUP", () => {
	it.each([
		["(a)", "rtsp://192.0.2.10/1?mode=Live&seek=0/", "track1", "rtsp://192.0.2.10/1?mode=Live&seek=0/track1"],
		["(b)", "rtsp://192.0.2.10/av0", "trackID=0", "rtsp://192.0.2.10/av0/trackID=0"],
		[
			"(d)",
			"rtsp://192.0.2.10/m.amp?v=1",
			"rtsp://192.0.2.10/m.amp/stream=1?v=1",
			"rtsp://192.0.2.10/m.amp/stream=1?v=1",
		],
		["(e) star", "rtsp://192.0.2.10/x/", "*", "rtsp://192.0.2.10/x/"],
		["none", "rtsp://192.0.2.10/x", undefined, "rtsp://192.0.2.10/x"],
	])("%s", (_name, base, control, url) => expect(controlUrl(base, control)).toBe(url));
});

const H264 = "m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 packetization-mode=1\na=control:track0\n";

describe("S01: broken lines that do not matter", () => {
	it.each([
		"c=IN ",
		"c=IN 192.0.2.10",
		"o=- 1001 1 IN",
		"o=x 19599440071187478912 1 IN IP4 0.0.0.0",
		"o=- 1 1 IN IPV4 192.0.2.10",
		"o=a b c d e f g",
		"m=application/tp-link 0 RTP/AVP smart/0/25000\na=rtpmap:95 tp-link/90000",
		"a=x\ns=late",
		"",
		"m=",
		"a=",
		"a=rtpmap:",
		"=",
	])("%s", (line) => {
		const choice = chooseMedia(parseSdp(`${line}\n${H264}`));
		expect(choice).toMatchObject({ ok: true, video: { payloadType: 96, clockRate: 90000, control: "track0" } });
	});
	it("lines may end with CRLF, LF or a lone CR", () => {
		for (const end of ["\r\n", "\n", "\r"]) {
			expect(chooseMedia(parseSdp(`v=0\n${H264}`.replaceAll("\n", end))).ok).toBe(true);
		}
	});
	it("without any usable video it says which line", () => {
		expect(chooseMedia(parseSdp("m=video 0 RTP/AVP x\n"))).toMatchObject({
			problem: expect.stringContaining("m=video 0 RTP/AVP x"),
		});
		expect(chooseMedia(parseSdp("m=audio 0 RTP/AVP 8\n"))).toMatchObject({
			problem: expect.stringContaining("no picture"),
		});
		const mpeg4 = "m=video 0 RTP/AVP 96\na=rtpmap:96 MP4V-ES/90000\n";
		expect(chooseMedia(parseSdp(mpeg4))).toMatchObject({ problem: expect.stringContaining("MPEG-4") });
		expect(chooseMedia(parseSdp(mpeg4 + H264)).ok).toBe(true);
	});
	it("never throws", () => {
		fc.assert(
			fc.property(
				fc.string(),
				(text) => void chooseMedia(parseSdp(`m=video ${text}\na=rtpmap:${text}\na=fmtp:${text}`)),
			),
		);
	});
});

describe("S02: fmtp that carries another payload type", () => {
	it("a lone fmtp counts for a lone format", () => {
		const sdp = parseSdp(
			`${H264}m=audio 0 RTP/AVP 104\na=rtpmap:104 MPEG4-GENERIC/16000\na=fmtp:97 streamtype=5;Config=1408\n`,
		);
		const choice = chooseMedia(sdp);
		expect(choice).toMatchObject({
			ok: true,
			audio: { encoding: "MPEG4-GENERIC", clockRate: 16000, channels: undefined },
		});
		expect(choice.ok && choice.audio?.format.get("config")).toBe("1408");
	});
	it("sound that is not understood leaves the picture alone", () => {
		const latm = "m=audio 0 RTP/AVP 97\na=rtpmap:97 MP4A-LATM/16000\na=fmtp:40 cpresent=0;config=\n";
		expect(chooseMedia(parseSdp(H264 + latm))).toMatchObject({ ok: true, audio: { encoding: "MP4A-LATM" } });
		expect(chooseMedia(parseSdp(`${H264}m=audio 0 RTP/AVP x\n`))).toMatchObject({ ok: true, audio: undefined });
	});
	it("sound that can be played is chosen before sound that cannot, wherever it stands", () => {
		const g726 = "m=audio 0 RTP/AVP 97\na=rtpmap:97 G726-32/8000\n";
		expect(chooseMedia(parseSdp(`${H264}${g726}m=audio 0 RTP/AVP 8\n`))).toMatchObject({ audio: { encoding: "PCMA" } });
		expect(chooseMedia(parseSdp(H264 + g726))).toMatchObject({ audio: { encoding: "G726-32" } });
	});
	it("payload types of RFC 3551 need no rtpmap; the way back to a loudspeaker is not sound to listen to", () => {
		const choice = chooseMedia(parseSdp(`${H264}m=audio 0 RTP/AVP 0\na=sendonly\nm=audio 0 RTP/AVP 8\n`));
		expect(choice).toMatchObject({ ok: true, audio: { encoding: "PCMA", clockRate: 8000 } });
	});
});

it("S03: sprop-parameter-sets may be missing, empty or broken", () => {
	const sets = (value: string) => parameterSets(parseSdp(`m=video 0 RTP/AVP 96\na=fmtp:96 a=1${value}\n`).media[0]!);
	expect(sets("")).toEqual([]);
	expect(sets(";sprop-parameter-sets=")).toEqual([]);
	expect(sets(";sprop-parameter-sets=Z0IAKeKQFAe2AtwEBAaQeJEV,")).toHaveLength(1);
	expect(sets(";sprop-parameter-sets=Z0IAKeKQFAe2AtwEBAaQeJEV,aM48gA==")).toHaveLength(2);
});
