/** `rtsps` against scripted cameras behind real TLS, with certificates made for each run. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dial } from "@mivisus/agent/rtsp/dial";
import { parseRtspUrl } from "@mivisus/agent/rtsp/url";
import { type Certificate, makeCertificate } from "@mivisus/transport/certificate";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Script, SDP } from "./scripted.ts";
import { digest, fails, shows, watch } from "./watched.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
/** As cameras show a fingerprint. */
const pairs = (bytes: Uint8Array) => hex(bytes).toUpperCase().match(/../g)!.join(":");
const own = ({ certPem: cert, keyPem: key }: Certificate) => ({ cert, key });

/** What answers at a port without being a camera. */
async function service(connected: (socket: Socket) => void) {
	const server = createServer((socket) => {
		socket.on("error", () => {});
		socket.resume();
		connected(socket);
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	return {
		port: (server.address() as AddressInfo).port,
		[Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())),
	};
}
const never = () => () => {};
const connectTo = (port: number, after: (ms: number, callback: () => void) => () => void = never) =>
	dial(
		{
			scheme: "rtsps",
			host: "127.0.0.1",
			port,
			certificate: undefined,
			clock: { now: Date.now, after },
			note: () => {},
		},
		new AbortController().signal,
	);

let camera: Certificate;
let stranger: Certificate;
const folders: string[] = [];
const before = process.env["SSL_CERT_FILE"];
/** The machine trusts this authority, and no other of its own. */
function trust(pem: string): void {
	const folder = mkdtempSync(join(tmpdir(), "mivisus-roots-"));
	folders.push(folder);
	writeFileSync(join(folder, "roots.pem"), pem);
	process.env["SSL_CERT_FILE"] = join(folder, "roots.pem");
}
beforeAll(async () => {
	camera = await makeCertificate({ hosts: ["127.0.0.1", "localhost"] });
	stranger = await makeCertificate({ hosts: ["127.0.0.1"] });
});
afterEach(() => {
	if (before === undefined) delete process.env["SSL_CERT_FILE"];
	else process.env["SSL_CERT_FILE"] = before;
	for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

describe("rtsps with the accepted certificate", () => {
	it("gives pictures, signs in, and says goodbye, all of it encrypted", async () => {
		const account = { user: "viewer", password: "secret" };
		const {
			camera: scripted,
			witness,
			source,
		} = await shows(
			{ tls: own(camera), auth: { ...account, challenges: [digest()] } },
			{ ...account, certificate: hex(camera.sha256) },
		);
		expect(scripted.peers[0]?.requests[0]?.url).toMatch(/^rtsps:/);
		await source.stop();
		expect(scripted.peers[0]?.methods.at(-1)).toBe("TEARDOWN");
		expect(witness.steps.map(({ note = "" }) => note).join()).toContain(hex(camera.sha256));
	});
	it("needs no authority and no name: the accepted one counts also when it is of another host and long expired", async () => {
		const old = await makeCertificate({ hosts: ["camera.invalid"], now: Date.now() - 1000 * 86_400_000 });
		await shows({ tls: own(old) }, { certificate: hex(old.sha256) });
	});
	it("another one is refused, though the machine's authorities vouch for it, and its fingerprint is shown", async () => {
		trust(stranger.certPem);
		const {
			state,
			words,
			camera: scripted,
		} = await fails({ tls: own(stranger) }, { certificate: hex(camera.sha256), user: "viewer", password: "secret" });
		expect(state).toBe("stream-unsupported");
		expect(words).toContain("another certificate than the one that was accepted");
		expect(words).toContain(pairs(stranger.sha256));
		expect(words.length).toBeLessThanOrEqual(300);
		expect(scripted.peers.flatMap(({ requests }) => requests)).toEqual([]);
	});
});

describe("rtsps without an accepted certificate", () => {
	it("one that no authority vouches for is never accepted silently: not a byte of RTSP goes out, and its fingerprint is shown", async () => {
		const {
			state,
			words,
			camera: scripted,
			witness,
		} = await fails({ tls: own(camera) }, { user: "viewer", password: "s3" });
		expect([state, words]).toEqual(["stream-unsupported", expect.stringContaining("not vouched for")]);
		expect(words).toContain(`SHA-256: ${pairs(camera.sha256)}`);
		expect(words.length).toBeLessThanOrEqual(300);
		expect(scripted.peers.flatMap(({ requests }) => requests)).toEqual([]);
		expect(witness.everything).not.toContain("127.0.0.1");
	});
	it("the error carries the fingerprint as the pinned form of it", async () => {
		const { camera: scripted } = await watch({ tls: own(camera) });
		await expect(connectTo(scripted.port)).rejects.toMatchObject({ certificate: hex(camera.sha256) });
	});
	it("one that the machine's own authorities vouch for gives pictures", async () => {
		trust(camera.certPem);
		await shows({ tls: own(camera) });
	});
	it("one that they vouch for, but for another host, does not", async () => {
		const other = await makeCertificate({ hosts: ["camera.invalid"] });
		trust(other.certPem);
		const { words } = await fails({ tls: own(other) });
		expect(words).toContain("not vouched for");
	});
	it("one that expired does not", async () => {
		const old = await makeCertificate({ hosts: ["127.0.0.1"], now: Date.now() - 100 * 86_400_000 });
		trust(old.certPem);
		const { words } = await fails({ tls: own(old) });
		expect(words).toContain("not vouched for");
	});
});

describe("what is no safe encryption is told in words", () => {
	it("TLS 1.1 at most", async () => {
		const tls = { ...own(camera), minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
		const { words } = await fails({ tls }, { certificate: hex(camera.sha256) });
		expect(words).toContain("older than TLS 1.2");
	});
	it("no TLS at all on that port", async () => {
		// Speaks as soon as somebody connects, as other services do.
		await using plain = await service((socket) => socket.end("RTSP/1.0 400 Bad Request\r\n\r\n"));
		await expect(connectTo(plain.port)).rejects.toThrow("does not encrypt");
	});
	it("no cipher in common", async () => {
		const tls = { ...own(camera), maxVersion: "TLSv1.2", ciphers: "NULL-SHA256:@SECLEVEL=0" } as const;
		const { words } = await fails({ tls }, { certificate: hex(camera.sha256) });
		expect(words).toContain("no common encryption");
	});
	it("a handshake that never ends is given up", async () => {
		let expire = () => {};
		await using mute = await service((socket) => socket.once("data", () => expire()));
		const after = (_ms: number, callback: () => void) => {
			expire = callback;
			return () => {};
		};
		await expect(connectTo(mute.port, after)).rejects.toThrow("handshake");
	});
	it.each([
		["RTP/SAVP", SDP.replace("RTP/AVP", "RTP/SAVP")],
		["RTP/SAVPF with keys", `${SDP.replace("RTP/AVP", "RTP/SAVPF")}a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:abc\r\n`],
	])("a camera that insists on SRTP (%s)", async (_name, sdp) => {
		const script: Script = { sdp, tls: own(camera) };
		const { state, words } = await fails(script, { certificate: hex(camera.sha256) });
		expect([state, words]).toEqual(["stream-unsupported", expect.stringContaining("SRTP")]);
	});
	it("SRTP beside a plain track: the plain one is taken", async () => {
		const sdp = SDP.replace(
			"m=video",
			"m=video 0 RTP/SAVP 97\r\na=rtpmap:97 H264/90000\r\na=control:secret\r\nm=video",
		);
		const { camera: scripted } = await shows({ sdp, tls: own(camera) }, { certificate: hex(camera.sha256) });
		expect(scripted.peers[0]?.requests[2]?.url).toMatch(/track1$/);
	});
	it("media stays inside the connection, whatever transport the agent prefers", async () => {
		const setting = { certificate: hex(camera.sha256), transport: "udp" as const };
		const { camera: scripted } = await shows({ tls: own(camera) }, setting);
		expect(scripted.peers[0]?.requests[2]?.headers.get("transport")).toContain("interleaved");
	});
	it("a redirect out of the encryption is refused", async () => {
		const location = "rtsp://127.0.0.1/x";
		const { words } = await fails(
			{
				tls: own(camera),
				answer: ({ method }) => (method === "DESCRIBE" ? { status: 302, headers: { Location: location } } : undefined),
			},
			{ certificate: hex(camera.sha256) },
		);
		expect(words).toContain("without encryption");
	});
});

it("the port is 322 unless another is named", () => {
	const parsed = parseRtspUrl("rtsps://camera.local/live");
	expect(parsed).toMatchObject({ ok: true, access: { scheme: "rtsps", port: 322 } });
});
