import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { connect, createServer as createTcpServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { describe as describeCamera } from "@mivisus/agent/discovery/describe";
import { MAX_SOAP_BYTES } from "@mivisus/agent/discovery/limits";
import { Secret } from "@mivisus/agent/rtsp/url";
import { makeCertificate } from "@mivisus/transport/certificate";
import { Cam } from "onvif";
import { afterEach, describe, expect, it } from "vitest";
import { type Asked, type DeviceScript, H264, OnvifDevice } from "./onvif.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});

const clock = { now: Date.now, after: () => () => {} };
const PASSWORD = "pässword<&>\"'";
const YEARS_MS = 30 * 365 * 86_400_000;

async function device(script: DeviceScript = {}) {
	const device = await OnvifDevice.listen(script);
	ends.push(() => device.close());
	return device;
}
const ask = (port: number, user?: string, password = PASSWORD, source?: string) =>
	describeCamera({ host: "127.0.0.1", port }, user === undefined ? {} : { user, password: new Secret(password) }, {
		signal: new AbortController().signal,
		clock,
		source,
	});
const stream = (path: string, port = 554) => ({ scheme: "rtsp", host: "127.0.0.1", port, path });

describe("what an ONVIF camera says of itself", () => {
	it("A05: a plain camera: who made it, its clock, its two streams, its still picture", async () => {
		const { port } = await device({ maker: "Acme &amp; Söhne", model: "1.0" });
		const said = await ask(port);
		expect(said).toMatchObject({
			maker: "Acme & Söhne",
			model: "1.0",
			streams: { main: stream("/stream/main"), sub: stream("/stream/sub") },
			sources: ["source1"],
			snapshot: { scheme: "http", host: "127.0.0.1", port, path: "/still/main" },
		});
		expect(Math.abs(said.clockOffsetMs)).toBeLessThan(2000);
		expect(said.profiles.map(({ token, codec, width }) => [token, codec, width])).toEqual([
			["main", "H264", 1920],
			["sub", "H264", 640],
		]);
	});

	it("A05: an H.265 main stream is known by the second media service, with the H.264 one as second stream", async () => {
		const profiles = [
			{ token: "sub", encoding: "H264", width: 704, height: 576 },
			{ token: "nothing" },
			{ token: "main", encoding: "H265", width: 3840, height: 2160 },
		];
		const { port } = await device({
			media: [
				{ version: 1, profiles: H264 },
				{ version: 2, profiles },
			],
		});
		expect((await ask(port)).streams).toEqual({ main: stream("/stream/main"), sub: stream("/stream/sub") });
	});

	it("A05: a second media service that cannot answer does not hide the first", async () => {
		const { port } = await device({
			media: [
				{ version: 1, profiles: H264 },
				{ version: 2, profiles: [] },
			],
			http: ({ media }, response) => {
				if (media === 2) response.writeHead(500).end("<html>oops</html>");
				return media === 2;
			},
		});
		expect((await ask(port)).streams.main).toEqual(stream("/stream/main"));
	});

	it("A05: a camera that answers by HTTPS only is asked there, though nobody signed its certificate", async () => {
		const { port } = await device({ auth: { user: "owner", password: PASSWORD, by: "digest" } });
		const { certPem: cert, keyPem: key } = await makeCertificate({ hosts: ["camera.local"] });
		const secure = createTlsServer({ cert, key }, (socket) => {
			socket.pipe(connect(port, "127.0.0.1")).pipe(socket);
		}).listen(0, "127.0.0.1");
		await once(secure, "listening");
		ends.push(() => new Promise((resolve) => secure.close(resolve)));
		const host = "127.0.0.1";
		const at = {
			scheme: "https" as const,
			host,
			port: (secure.address() as { port: number }).port,
			path: "/onvif/device",
		};
		const found = { device: "urn:uuid:1", name: "Camera", address: at, xaddrs: [at] };
		const options = { signal: new AbortController().signal, clock };
		const said = await describeCamera(found, { user: "owner", password: new Secret(PASSWORD) }, options);
		expect(said.streams.main).toEqual(stream("/stream/main"));
	});

	it("A05: a camera from before GetServices, and one whose tokens look like numbers or like XML", async () => {
		const profiles = [
			{ token: "1.0", encoding: "H264", width: 1920, height: 1080 },
			{ token: '"<&>', encoding: "H264", width: 640, height: 480 },
		];
		const { port } = await device({
			media: [{ version: 1, profiles }],
			http: ({ operation }, response) => {
				if (operation !== "GetCapabilities") return false;
				response.end(
					"<e:Envelope><e:Body><r><Capabilities><Media><XAddr>http://10.1.1.1/onvif/media</XAddr></Media></Capabilities></r></e:Body></e:Envelope>",
				);
				return true;
			},
		});
		const old = await device({ media: [] });
		const said = await ask(port);
		expect(said.streams.main).toEqual(stream("/stream/1.0"));
		expect(said.streams.sub?.path).toContain("/stream/");
		await expect(ask(old.port)).rejects.toThrow("does not tell its streams by ONVIF");
	});

	it("A05: a recorder's channels are not mixed: both streams are of one", async () => {
		const channel = (n: number, height: number) => ({ encoding: "H264", height, width: height * 2, source: `c${n}` });
		const profiles = [
			{ token: "1m", ...channel(1, 1080) },
			{ token: "2m", ...channel(2, 2160) },
			{ token: "1s", ...channel(1, 480) },
			{ token: "2s", ...channel(2, 240) },
		];
		const { port } = await device({ media: [{ version: 1, profiles }] });
		const first = await ask(port);
		expect(first.sources).toEqual(["c1", "c2"]);
		expect(first.streams).toEqual({ main: stream("/stream/1m"), sub: stream("/stream/1s") });
		expect((await ask(port, undefined, "", "c2")).streams).toEqual({
			main: stream("/stream/2m"),
			sub: stream("/stream/2s"),
		});
	});

	it("A13: streams, services and pictures that it names elsewhere are taken at its own address", async () => {
		const trap = createServer(() => {
			throw new Error("somebody followed what a camera named");
		}).listen(0, "127.0.0.2");
		await once(trap, "listening");
		ends.push(() => new Promise((resolve) => trap.close(resolve)));
		const { port: trapPort } = trap.address() as { port: number };
		const profiles = [{ ...H264[0]!, uri: "rtsp://root:toor@127.0.0.2:8554/live?a=1" }];
		const { port } = await device({
			media: [{ version: 1, profiles }],
			http: ({ operation }, response) => {
				const body = {
					GetServices: service(`http://127.0.0.2:${trapPort}/onvif/media`),
					GetSnapshotUri: still(trapPort),
				}[operation];
				if (body) response.end(`<e:Envelope><e:Body>${body}</e:Body></e:Envelope>`);
				return body !== undefined;
			},
		});
		const said = await ask(port);
		expect(said.streams).toEqual({ main: stream("/live?a=1", 8554) });
		expect(said.snapshot).toEqual({ scheme: "http", host: "127.0.0.1", port, path: "/still" });
	});
	const service = (xaddr: string) =>
		`<r><Service><Namespace>http://www.onvif.org/ver10/media/wsdl</Namespace><XAddr>${xaddr}</XAddr></Service></r>`;
	const still = (port: number) => `<r><Uri>http://127.0.0.2:${port}/still</Uri></r>`;
});

describe("signing in to a camera", () => {
	const signed = (asked: Asked[], by: Asked["by"]) => asked.filter((one) => one.by === by).length;

	it.each(["digest", "token"] as const)(
		"by %s: the password works as it was typed, and never goes out in clear",
		async (by) => {
			const { port, asked } = await device({ auth: { user: "ow<n>er", password: PASSWORD, by } });
			expect((await ask(port, "ow<n>er")).streams.main).toEqual(stream("/stream/main"));
			expect(signed(asked, by)).toBeGreaterThan(3);
			expect(asked.filter(({ text }) => text.includes("ssword<") || text.includes("ssword&"))).toEqual([]);
		},
	);

	it.each([
		["digest", 401],
		["token", 400],
	] as const)("by %s: a wrong password is tried once, and the camera's word is told", async (by, status) => {
		const { port, asked } = await device({ auth: { user: "owner", password: "right", by } });
		await expect(ask(port, "owner", "wrong")).rejects.toMatchObject({
			code: "camera-refused",
			message: `The camera answered ${status}: wrong user or password, or this user may not ask for its streams.`,
		});
		expect(asked.filter((one) => one.by !== "nothing").map((one) => one.by)).toEqual([by]);
	});

	it.each([-YEARS_MS, YEARS_MS])(
		"A05: a camera whose clock is wrong by %d ms is signed in to by its own time",
		async (ahead) => {
			const auth = { user: "owner", password: PASSWORD, by: "token" as const };
			const { port } = await device({ auth, clockAheadMs: ahead });
			expect(Math.abs((await ask(port, "owner")).clockOffsetMs - ahead)).toBeLessThan(2000);
		},
	);

	it("a camera that tells its time only to who is signed in is believed by the date of its HTTP server", async () => {
		const auth = { user: "owner", password: PASSWORD, by: "token" as const, timeToo: true };
		const { port } = await device({
			auth,
			clockAheadMs: YEARS_MS,
			http: (_, response) => {
				response.setHeader("Date", new Date(Date.now() + YEARS_MS).toUTCString());
				return false;
			},
		});
		expect((await ask(port, "owner")).streams.main).toEqual(stream("/stream/main"));
	});

	it("a camera that wants the password in clear gets a digest, and no password when it insists", async () => {
		const { port, asked } = await device({ auth: { user: "owner", password: PASSWORD, by: "basic" } });
		await expect(ask(port, "owner")).rejects.toMatchObject({ code: "camera-refused" });
		expect(signed(asked, "basic")).toBe(0);
		expect(signed(asked, "token")).toBe(1);
	});

	it("a camera that asks for credentials that nobody gave is told so", async () => {
		const { port, asked } = await device({ auth: { user: "owner", password: PASSWORD, by: "digest" } });
		await expect(ask(port)).rejects.toThrow("The camera answered 401: it asks for a user and a password.");
		expect(asked).toHaveLength(2);
	});

	it("a user who may see streams but no still picture gets the streams", async () => {
		const { port } = await device({
			auth: { user: "owner", password: PASSWORD, by: "digest" },
			http: ({ operation }, response) => {
				if (operation !== "GetSnapshotUri") return false;
				response.writeHead(401, { "WWW-Authenticate": 'Digest realm="cam", nonce="z"' }).end();
				return true;
			},
		});
		const said = await ask(port, "owner");
		expect(said.streams.sub).toEqual(stream("/stream/sub"));
		expect(said.snapshot).toBeUndefined();
	});
});

describe("cameras that misbehave over HTTP end in words", () => {
	const answering = (answer: (response: ServerResponse) => void): DeviceScript => ({
		http: (_, response) => {
			answer(response);
			return true;
		},
	});
	it.each<[string, (response: ServerResponse) => void, string]>([
		["redirects", (r) => r.writeHead(302, { Location: "http://127.0.0.2:9/" }).end(), "points to another address"],
		["answers with a page", (r) => r.end("<html><body>Welcome</body></html>"), "does not speak ONVIF"],
		["answers with nothing", (r) => r.end(), "does not speak ONVIF"],
		["does not know the page", (r) => r.writeHead(404).end("no"), "does not speak ONVIF (it answered 404)"],
		["answers with an endless body", (r) => flood(r), "answers with far too much"],
		["hangs up", (r) => r.destroy(), "broke the connection"],
		[
			"hangs up in the middle",
			(r) => r.writeHead(200, { "Content-Length": 99 }).write("<", () => r.destroy()),
			"broke the",
		],
		[
			"sends a header without end",
			(r) => r.socket?.write(`HTTP/1.1 200 OK\r\nX: ${"x".repeat(40_000)}`),
			"not speak HTTP",
		],
		[
			"answers with a bomb of entities",
			(r) => r.end(`<!DOCTYPE a [<!ENTITY a "${"&b;".repeat(10_000)}">]><s:Envelope><s:Body>&a;</s:Body></s:Envelope>`),
			"does not tell its streams by ONVIF",
		],
		[
			"gives a reason of many lines",
			(r) => r.writeHead(500).end(`<Fault><faultstring>no\r\n\u202e${"no ".repeat(200)}</faultstring></Fault>`),
			"does not tell its streams by ONVIF: no no",
		],
	])("a camera that %s", async (_, answer, words) => {
		const { port } = await device(answering(answer));
		const failed = await ask(port, "owner").then(
			() => undefined,
			(error: Error) => error.message,
		);
		expect(failed).toContain(words);
		expect(failed?.length).toBeLessThan(200);
		expect(failed).not.toMatch(/[\r\n\u202e]|127\.0/);
	});
	function flood(response: ServerResponse): void {
		const chunk = Buffer.alloc(64 * 1024, 0x20);
		const more = () => {
			while (!response.destroyed && response.write(chunk));
			if (!response.destroyed) response.once("drain", more);
		};
		more();
	}

	it("an answer is read up to the length that is allowed", async () => {
		const padded = (length: number): DeviceScript => ({
			http: ({ operation }, response) => {
				if (operation !== "GetDeviceInformation") return false;
				response.end(`<Envelope><Body><Model>M</Model></Body></Envelope>`.padEnd(length, " "));
				return true;
			},
		});
		expect((await ask((await device(padded(MAX_SOAP_BYTES))).port)).model).toBe("M");
		await expect(ask((await device(padded(MAX_SOAP_BYTES + 1))).port)).rejects.toThrow("far too much");
	});

	it("a camera that drips its answer for ever is given up in seconds", async () => {
		const timers: NodeJS.Timeout[] = [];
		const { port } = await device(answering((r) => void timers.push(setInterval(() => r.write(" "), 50))));
		await expect(ask(port)).rejects.toThrow("The camera answers too slowly.");
		for (const timer of timers) clearInterval(timer);
	});

	it("a camera whose address answers nothing, or something that is no HTTP", async () => {
		const server = createTcpServer(
			(socket) =>
				void socket
					.on("error", () => {})
					.resume()
					.end("SSH-2.0-dropbear\r\n"),
		);
		server.listen(0, "127.0.0.1");
		await once(server, "listening");
		const { port } = server.address() as { port: number };
		await expect(ask(port)).rejects.toThrow("does not speak HTTP");
		await new Promise((resolve) => server.close(resolve));
		await expect(ask(port)).rejects.toThrow("Nothing speaks ONVIF at the camera's address.");
	});

	it("a question that its person gives up ends at once", async () => {
		const { port, asked } = await device(answering(() => {}));
		const abort = new AbortController();
		const asking = describeCamera({ host: "127.0.0.1", port }, {}, { signal: abort.signal, clock });
		while (asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
		abort.abort();
		await expect(asking).rejects.toThrow("Stopped.");
	});
});

describe("the scripted device is one that others understand", () => {
	it.each(["digest", "token"] as const)("the field's own client reads it, signed in by %s", async (by) => {
		const { port } = await device({ auth: { user: "owner", password: "plain", by } });
		const camera = await new Promise<Cam>((resolve, reject) => {
			const options = { hostname: "127.0.0.1", port, username: "owner", password: "plain", timeout: 5000 };
			const cam: Cam = new Cam({ ...options, useWSSecurity: by === "token", autoconnect: false });
			cam.getSystemDateAndTime(() => cam.getServices(true, (failed) => (failed ? reject(failed) : resolve(cam))));
		});
		const profiles = await new Promise<{ $: { token: string } }[]>((resolve, reject) => {
			camera.getProfiles((failed, found) => (failed ? reject(failed) : resolve(found)));
		});
		const uri = await new Promise<{ uri: string } | undefined>((resolve, reject) => {
			camera.getStreamUri({ profileToken: "sub" }, (failed, found) => (failed ? reject(failed) : resolve(found)));
		});
		expect(profiles.map(({ $ }) => $.token)).toEqual(["main", "sub"]);
		expect(uri?.uri).toBe("rtsp://127.0.0.1:554/stream/sub");
	});
});
