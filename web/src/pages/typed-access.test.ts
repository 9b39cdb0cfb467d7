import { describe, expect, it } from "vitest";
import { typedAccess } from "./typed-access.ts";

describe("a typed access", () => {
	it("is sealed letter by letter, and shown without the secrets in its path", () => {
		const typed = typedAccess();
		typed.setAddress("cam.local:8554/live?pwd=S3cr@t");
		typed.setUser(" admin");
		typed.setPassword("p@ss ");
		const url = { scheme: "rtsp", host: "cam.local", port: 8554, path: "/live?pwd=S3cr@t" };
		expect(typed.read()).toEqual({
			access: { v: 1, url, user: " admin", password: "p@ss " },
			address: { ...url, path: "/live?pwd=***" },
		});
	});
	it("has no user and no password where none were typed", () => {
		const typed = typedAccess();
		typed.setAddress("192.168.1.20");
		expect(Object.keys(typed.read()?.access ?? {})).toEqual(["v", "url"]);
	});
	it("takes a pasted URL apart, so that its password is not on the screen", () => {
		const typed = typedAccess();
		typed.setAddress("rtsp://admin:a@b/c@192.168.1.20/stream1");
		expect([typed.address(), typed.user(), typed.password(), typed.split()]).toEqual([
			"rtsp://192.168.1.20/stream1",
			"admin",
			"a@b/c",
			true,
		]);
	});
	it("says that something is no address until it is typed anew", () => {
		const typed = typedAccess();
		typed.setAddress("http://cam");
		expect([typed.read(), typed.fault()]).toEqual([undefined, "add.badAddress"]);
		typed.setAddress("cam");
		expect(typed.fault()).toBeUndefined();
	});
	it("takes a second stream as a path on the same camera or as a whole address, and a certificate as people copy it", () => {
		const typed = typedAccess();
		typed.setAddress("rtsps://cam/stream1");
		typed.setSub(" /stream2?x=1 ");
		typed.setCertificate(`${"AB:".repeat(31)}ab`);
		expect(typed.read()?.access).toEqual({
			v: 1,
			url: { scheme: "rtsps", host: "cam", port: 322, path: "/stream1" },
			sub: { scheme: "rtsps", host: "cam", port: 322, path: "/stream2?x=1" },
			certificate: "ab".repeat(32),
		});
		typed.setSub("rtsp://other:8554/low");
		expect(typed.read()?.access.sub).toEqual({ scheme: "rtsp", host: "other", port: 8554, path: "/low" });
	});
	it("says which of the further fields cannot be read, and takes no second user there", () => {
		const typed = typedAccess();
		typed.setAddress("cam");
		typed.setSub("rtsp://u:p@cam/low");
		typed.setCertificate("abcd");
		expect(typed.read()).toBeUndefined();
		expect([typed.fault(), typed.subFault(), typed.certificateFault()]).toEqual([
			undefined,
			"add.badSub",
			"add.badCertificate",
		]);
		typed.setSub("");
		typed.setCertificate("");
		expect(Object.keys(typed.read()?.access ?? {})).toEqual(["v", "url"]);
	});
	it("begins with the address that is shown; one with something struck out must be typed whole", () => {
		const shown = { scheme: "rtsp", host: "cam", port: 554, path: "/live?pwd=***" } as const;
		const typed = typedAccess(shown);
		expect(typed.address()).toBe("rtsp://cam/live?pwd=***");
		expect([typed.read(), typed.fault()]).toEqual([undefined, "access.struckOut"]);
		typed.setAddress("rtsp://other/live?pwd=***");
		expect(typed.read()).toBeUndefined();
		typed.setAddress("rtsp://cam/live?pwd=new");
		expect(typed.read()?.access.url.path).toBe("/live?pwd=new");
	});
	it("forgets the password when it has done its work, and keeps the rest", () => {
		const typed = typedAccess();
		typed.setAddress("rtsp://admin:secret@cam/");
		typed.forgetPassword();
		expect([typed.address(), typed.user(), typed.password()]).toEqual(["rtsp://cam/", "admin", ""]);
		typed.clear();
		expect([typed.address(), typed.user(), typed.split()]).toEqual(["", "", false]);
	});
});
