import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { requestUrl } from "../rtsp/url.ts";
import { isPrivateAddress, serviceAt, streamAt } from "./address.ts";
import { parseAnswer, plainText } from "./answer.ts";
import { MAX_ANSWER_BYTES, MAX_MATCHES, MAX_NAME_LENGTH, MAX_XML_DEPTH, MAX_XML_ELEMENTS } from "./limits.ts";
import { escapeXml, find, parseXml, textAt, type XmlElement } from "./xml.ts";

const count = (element: XmlElement): number => element.children.reduce((sum, child) => sum + 1 + count(child), 0);
const depth = (element: XmlElement): number => Math.max(0, ...element.children.map((child) => 1 + depth(child)));

/** Text that looks like XML, mostly broken. */
const xmlish = fc
	.array(
		fc.constantFrom(
			...["<", ">", "</", "/>", '"', "'", "=", "&", ";", "&amp;", "&x;", "&#0;", "&#x110000;", "<!DOCTYPE a [", "]>"],
			...[
				"<!ENTITY x '&x;&x;'>",
				"<![CDATA[",
				"]]>",
				"<!--",
				"-->",
				"<?xml",
				"?>",
				"ProbeMatch",
				"d:XAddrs",
				" ",
				"\0",
			],
			...[
				"<d:ProbeMatch>",
				"</d:ProbeMatch>",
				"<Types>NetworkVideoTransmitter",
				"<Scopes>onvif://www.onvif.org/name/%E0%A4",
			],
			...["<__proto__>", "<constructor a='b'>", "http://[::1]:0/", "\u{1f4f7}", "\ud800"],
		),
		{ maxLength: 60 },
	)
	.map((parts) => parts.join(""));

describe("XML of cameras", () => {
	it("is read whatever prefix it has, with entities of XML and without those of a DTD", () => {
		const root = parseXml(
			'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb">]><x:a k:token="1&quot;"><n>M&amp;S &b; &#228;</n><![CDATA[<raw>]]></x:a>',
		);
		expect(find(root, "a")?.attributes.get("token")).toBe('1"');
		expect(textAt(root, "a", "n")).toBe("M&S &b; ä");
		expect(find(root, "a")?.text).toBe("<raw>");
	});
	it("of a billion laughs stays as long as it came", () => {
		const laughs = Array.from({ length: 20 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join("");
		const root = parseXml(`<!DOCTYPE l [<!ENTITY l0 "lol">${laughs}]><n>&l20;</n>`);
		expect(textAt(root, "n").length).toBeLessThan(10);
	});
	it("is kept to the depth and the number that are allowed, and not beyond", () => {
		const nested = (levels: number) => parseXml(`${"<a>".repeat(levels)}x${"</a>".repeat(levels)}`);
		expect(depth(nested(MAX_XML_DEPTH))).toBe(MAX_XML_DEPTH);
		expect(depth(nested(MAX_XML_DEPTH + 1))).toBe(MAX_XML_DEPTH);
		expect(depth(nested(100_000))).toBe(MAX_XML_DEPTH);
		expect(count(parseXml(`<r>${"<a/>".repeat(MAX_XML_ELEMENTS - 1)}</r>`))).toBe(MAX_XML_ELEMENTS);
		expect(count(parseXml(`<r>${"<a/>".repeat(MAX_XML_ELEMENTS + 100)}</r>`))).toBe(MAX_XML_ELEMENTS);
	});
	it("finds what stands after something that was too deep", () => {
		const root = parseXml(`<r>${"<a>".repeat(100)}${"</a>".repeat(100)}<b>here</b></r>`);
		expect(textAt(root, "r", "b")).toBe("here");
	});
	it("never throws, and never grows beyond what it was given", () => {
		fc.assert(
			fc.property(fc.oneof(xmlish, fc.string({ unit: "binary" })), (text) => {
				const root = parseXml(text);
				const all = (element: XmlElement): number =>
					element.text.length + element.children.reduce((sum, child) => sum + all(child), 0);
				expect(all(root)).toBeLessThanOrEqual(text.length + 1);
				expect(count(root)).toBeLessThanOrEqual(text.length);
			}),
			{ numRuns: 3000 },
		);
	});
	it("gives back any text that was escaped into it", () => {
		const unit = fc.constantFrom(..."<>&\"'ab ]Ä\u{1f4f7}\t%;");
		fc.assert(
			fc.property(fc.string({ unit }), (text) => {
				expect(find(parseXml(`<a>${escapeXml(text)}</a>`), "a")?.text).toBe(text);
			}),
		);
	});
});

describe("answers to a probe", () => {
	it("never throw, and name few devices with short names", () => {
		fc.assert(
			fc.property(xmlish, fc.nat(3), (text, times) => {
				const { cameras } = parseAnswer(new TextEncoder().encode(text.repeat(times)));
				expect(cameras.length).toBeLessThanOrEqual(MAX_MATCHES);
				for (const { name } of cameras) expect([...(name ?? "")].length).toBeLessThanOrEqual(MAX_NAME_LENGTH);
			}),
			{ numRuns: 2000 },
		);
		fc.assert(fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => void parseAnswer(bytes)));
	});
	it("are read up to the length that is allowed", () => {
		const answer = (length: number) => {
			const text = "<ProbeMatch><Types>dn:NetworkVideoTransmitter</Types></ProbeMatch>";
			return new TextEncoder().encode(text.padEnd(length, " "));
		};
		expect(parseAnswer(answer(MAX_ANSWER_BYTES)).cameras).toHaveLength(1);
		expect(parseAnswer(answer(MAX_ANSWER_BYTES + 1)).cameras).toHaveLength(0);
	});
	it("count up to the number of devices that is allowed", () => {
		const answer = (devices: number) => {
			const text = "<ProbeMatch><Types>dn:NetworkVideoTransmitter</Types></ProbeMatch>".repeat(devices);
			return parseAnswer(new TextEncoder().encode(`<r>${text}</r>`)).cameras.length;
		};
		expect([answer(MAX_MATCHES), answer(MAX_MATCHES + 1)]).toEqual([MAX_MATCHES, MAX_MATCHES]);
	});
	it("give names that fit on one line and turn no other text around", () => {
		expect(plainText("  A\r\n\u202eB\u0000 \u2028 C ")).toBe("A B C");
		expect(plainText("\u200b\n")).toBeUndefined();
		expect(plainText("\u{1f4f7}".repeat(200))).toBe("\u{1f4f7}".repeat(MAX_NAME_LENGTH));
	});
});

describe("addresses that a camera names", () => {
	const at = { host: "192.168.1.5", port: 8000 };
	it.each([
		["its own", "http://192.168.1.5:81/onvif/media", { scheme: "http", port: 81, path: "/onvif/media" }],
		["its own without a port", "http://192.168.1.5/onvif?x=1", { scheme: "http", port: 80, path: "/onvif?x=1" }],
		["an old one", "http://192.168.9.9:81/onvif/media", { scheme: "http", port: 8000, path: "/onvif/media" }],
		["a host on the internet", "https://evil.example/x", { scheme: "https", port: 8000, path: "/x" }],
		["this machine", "http://127.0.0.1:22/x", { scheme: "http", port: 8000, path: "/x" }],
		["one with a zone", "http://[fe80::1%eth0]:81/x", { scheme: "http", port: 8000, path: "/x" }],
		["one with a user", "http://a:b@192.168.1.5/x", { scheme: "http", port: 80, path: "/x" }],
	])("are only ever taken at the camera's own address: %s", (_, named, wanted) => {
		expect(serviceAt(named, at)).toEqual({ host: at.host, ...wanted });
	});
	it.each(["ftp://192.168.1.5/", "192.168.1.5", "", "http://[", "javascript:alert(1)", `http://a/${"x".repeat(1024)}`])(
		"that are none are left out: %s",
		(named) => {
			expect(serviceAt(named, at)).toBeUndefined();
		},
	);
	it("of an IPv6 host are the same however they are written", () => {
		const six = { host: "fe80::1%eth0", port: 80 };
		expect(serviceAt("http://[FE80:0:0::0:1]:81/x", six)).toEqual({ scheme: "http", ...six, port: 81, path: "/x" });
	});
	it("keep a zone to themselves: it means nothing to the camera", () => {
		expect(requestUrl({ scheme: "rtsp", host: "fe80::1%eth0", port: 554, path: "/a" })).toBe("rtsp://[fe80::1]/a");
	});
	it("of a stream keep port and path, and lose host, user and password", () => {
		expect(streamAt("rtsp://admin:pass@10.9.9.9:8554/ch1?a=b", at.host)).toEqual({
			scheme: "rtsp",
			host: at.host,
			port: 8554,
			path: "/ch1?a=b",
		});
		const six = streamAt("rtsp://u:p@[fe80::1%eth0]:8554/ch1", "fe80::1%eth1");
		expect(six).toEqual({ scheme: "rtsp", host: "fe80::1%eth1", port: 8554, path: "/ch1" });
		expect(streamAt("http://192.168.1.5/mjpeg", at.host)).toBeUndefined();
	});
	it("never throw and never leave the camera's host", () => {
		const named = fc.oneof(
			fc.string({ unit: "binary" }),
			fc.webUrl(),
			fc.tuple(fc.constantFrom("http://", "rtsp://", "rtsps://"), fc.string()).map(([scheme, rest]) => scheme + rest),
		);
		fc.assert(
			fc.property(named, (text) => {
				for (const found of [serviceAt(text, at), streamAt(text, at.host)]) {
					if (!found) continue;
					expect(found.host).toBe(at.host);
					expect(found.port).toBeGreaterThan(0);
					expect(found.port).toBeLessThan(65_536);
					expect(found.path.length).toBeLessThanOrEqual(1024);
				}
			}),
			{ numRuns: 3000 },
		);
	});
});

describe("a private address", () => {
	it.each([
		...["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.5", "169.254.3.4", "127.0.0.1"],
		...["fe80::1%eth0", "febf::1", "fd00::1", "fc12::1", "::1", "::ffff:10.1.2.3"],
	])("is %s", (host) => {
		expect(isPrivateAddress(host)).toBe(true);
	});
	it.each([
		...["8.8.8.8", "172.15.255.255", "172.32.0.0", "192.169.0.1", "100.64.0.1", "0.0.0.0", "224.0.0.1"],
		...[
			"2001:db8::1",
			"fec0::1",
			"ff02::c",
			"::",
			"::ffff:8.8.8.8",
			"camera.local",
			"localhost",
			"",
			"10.0.0.1.evil.example",
		],
	])("is not «%s»", (host) => {
		expect(isPrivateAddress(host)).toBe(false);
	});
});
