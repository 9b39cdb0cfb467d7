import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressText, hiding, readTyped, shownAddress } from "./typed-access.ts";

const access = (typed: Parameters<typeof readTyped>[0]) => {
	const read = readTyped(typed);
	return read.ok ? read.access : read.problem;
};

describe("a camera as a person types it", () => {
	it("with or without rtsp://, port and path", () => {
		const url = { scheme: "rtsp", host: "192.168.1.20", port: 554, path: "" };
		expect(access({ address: " 192.168.1.20 " })).toEqual({ v: 1, url });
		expect(access({ address: "rtsp://192.168.1.20:8554/a?b=c" })).toEqual({
			v: 1,
			url: { ...url, port: 8554, path: "/a?b=c" },
		});
		expect(access({ address: "[fe80::1]:554/x" })).toMatchObject({ url: { host: "fe80::1", path: "/x" } });
		expect(access({ address: "rtsps://cam.local/" })).toMatchObject({ url: { scheme: "rtsps", port: 322 } });
	});
	it.each(["http://192.168.1.20/", "exec:ffmpeg -i x", "", "file:///etc/passwd", "rtsp://"])(
		"%j is no camera, in words, without repeating it",
		(address) => expect(access({ address })).toMatch(/^The .+\.$/),
	);
	it("A04: user and password of their own fields are taken as they are, and win over the address's", () => {
		fc.assert(
			fc.property(fc.string({ minLength: 1, maxLength: 256 }), (password) => {
				expect(access({ address: "rtsp://a:b@cam/", user: "c", password })).toMatchObject({ user: "c", password });
			}),
		);
	});
	it("as long as an access can hold, and no longer", () => {
		const of = (length: number) => access({ address: "cam", password: "x".repeat(length) });
		expect(of(256)).toMatchObject({ password: "x".repeat(256) });
		expect(of(257)).toMatch(/too long/);
	});
	it("a certificate as a person copies it, and nothing that is none", () => {
		const hex = "0a".repeat(32);
		const of = (certificate: string) => access({ address: "rtsps://cam/", certificate });
		for (const form of [hex, hex.toUpperCase(), hex.replace(/(..)(?!$)/g, "$1:"), ` ${hex}`])
			expect(of(form)).toMatchObject({ certificate: hex });
		for (const wrong of ["", "0a", `${hex}0a`, hex.replace("0a", "zz")]) expect(of(wrong)).toMatch(/64 hexadecimal/);
	});
	it("A13: what is shown of it has no password in its path", () => {
		const url = { scheme: "rtsp" as const, host: "cam", port: 554, path: "/user=admin&password=S3cr@t" };
		expect(shownAddress(url).path).toBe("/user=***&password=***");
		expect(addressText({ ...url, host: "fe80::1" })).toBe("rtsp://[fe80::1]:554/user=***&password=***");
	});
});

describe("A13: hiding a password", () => {
	it("in every form in which a camera may send it back", () => {
		fc.assert(
			fc.property(fc.string({ minLength: 8, maxLength: 40, unit: "grapheme-ascii" }), (password) => {
				const hide = hiding({ user: "viewer", password });
				const basic = Buffer.from(`viewer:${password}`).toString("base64");
				for (const form of [password, encodeURIComponent(password), encodeURI(password), basic])
					expect(hide(`a ${form} b`)).toBe("a *** b");
			}),
		);
	});
	it("without one it changes nothing", () => expect(hiding({})("OPTIONS *")).toBe("OPTIONS *"));
});
