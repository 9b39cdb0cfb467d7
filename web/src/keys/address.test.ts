import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatAddress, parseAddress } from "./address.ts";

const rtsp = (host: string, port = 554, path = "/") => ({ scheme: "rtsp" as const, host, port, path });

describe("a typed camera address", () => {
	it.each([
		["192.168.1.20", { address: rtsp("192.168.1.20") }],
		["  cam.local:8554/live?ch=1 ", { address: rtsp("cam.local", 8554, "/live?ch=1") }],
		["rtsp://192.168.1.20/stream1", { address: rtsp("192.168.1.20", 554, "/stream1") }],
		["RTSPS://cam", { address: { scheme: "rtsps", host: "cam", port: 322, path: "/" } }],
		["rtsp://[fe80::1]:554/a", { address: rtsp("fe80::1", 554, "/a") }],
		["rtsp://host:554/path@2", { address: rtsp("host", 554, "/path@2") }],
		["rtsp://cam?channel=1", { address: rtsp("cam", 554, "/?channel=1") }],
	])("%s", (text, expected) => expect(parseAddress(text)).toEqual(expected));

	it.each([
		["rtsp://admin:pass@10.0.0.2/live", "admin", "pass", rtsp("10.0.0.2", 554, "/live")],
		["rtsp://admin:p%40ss%20w@10.0.0.2", "admin", "p@ss w", rtsp("10.0.0.2")],
		["rtsp://admin:p@ss:w#rd@10.0.0.2:8554/x", "admin", "p@ss:w#rd", rtsp("10.0.0.2", 8554, "/x")],
		["rtsp://admin:pa/ss?@10.0.0.2/x", "admin", "pa/ss?", rtsp("10.0.0.2", 554, "/x")],
		["rtsp://admin:50%@10.0.0.2/x", "admin", "50%", rtsp("10.0.0.2", 554, "/x")],
		["admin:pass@10.0.0.2", "admin", "pass", rtsp("10.0.0.2")],
		["rtsp://admin@10.0.0.2", "admin", undefined, rtsp("10.0.0.2")],
		["rtsp://admin:@10.0.0.2", "admin", "", rtsp("10.0.0.2")],
	])("takes %s apart", (text, user, password, address) => {
		expect(parseAddress(text)).toEqual({ address, user, ...(password !== undefined && { password }) });
	});

	it.each(["", "http://10.0.0.2/", "ftp://x", "a b", "rtsp://", "cam:0", "cam:70000", "https://admin:p@cam/x"])(
		"refuses %j",
		(text) => expect(parseAddress(text)).toBeUndefined(),
	);

	it("what it formats, it reads again", () => {
		fc.assert(
			fc.property(
				fc.constantFrom("rtsp" as const, "rtsps" as const),
				fc.stringMatching(/^[a-z0-9.-]{1,30}$/),
				fc.integer({ min: 1, max: 65535 }),
				fc.stringMatching(/^\/[a-z0-9/?=&@_-]{0,40}$/),
				(scheme, host, port, path) => {
					const address = { scheme, host, port, path };
					expect(parseAddress(formatAddress(address))).toEqual({ address });
				},
			),
		);
	});
	it("puts brackets around an IPv6 address again", () => {
		expect(formatAddress(rtsp("fe80::1", 554, "/a"))).toBe("rtsp://[fe80::1]/a");
	});
	it("never throws", () => {
		fc.assert(fc.property(fc.string(), (text) => void parseAddress(text)));
	});
});
