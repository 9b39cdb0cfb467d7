import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId } from "@mivisus/wire/ids";
import type { CameraAccess } from "@mivisus/wire/signed";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { addCamera, announceWaiting } from "./adding.ts";
import { MAX_CAMERAS } from "./limits.ts";
import { openAccess } from "./pairing/commands.ts";
import { createIdentity, loadIdentity } from "./pairing/identity.ts";
import { StateStore } from "./secrets/state.ts";
import { WorkerClient } from "./worker-client.ts";

const ACCESS: CameraAccess = {
	v: 1,
	url: { scheme: "rtsp", host: "192.0.2.9", port: 554, path: "/user=admin&password=S3cr@t/live?pwd=S3cr@t" },
	user: "viewer",
	password: "S3cr@t#?&é",
};
const { signal } = new AbortController();

/** What a service answers to the camera that was added: a status and a problem's code. */
let answer: { status: number; code?: string } | "silence";
let heard: unknown[];
let server: Server;
let home: string;
let store: StateStore;
let client: WorkerClient;
beforeEach(async () => {
	answer = { status: 201 };
	heard = [];
	server = createServer((request, response) => {
		const chunks: Buffer[] = [];
		request.on("data", (chunk) => chunks.push(chunk));
		request.on("end", () => {
			response.setHeader("mivisus-nonce", "n".repeat(20));
			if (request.url !== "/api/agent/cameras") return response.end("{}");
			heard.push(JSON.parse(Buffer.concat(chunks).toString()));
			if (answer === "silence") return request.socket.destroy();
			const { status, code } = answer;
			const problem = { type: `https://mivisus.com/problems/${code}`, detail: `It is ${code}.` };
			response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(code ? problem : {}));
		});
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	home = mkdtempSync(join(tmpdir(), "mivisus-adding-"));
	const enrolment = { agentId: newId(), accountId: newId(), devices: [] };
	const identity = await createIdentity();
	store = await StateStore.open(home, async () => ({ v: 1, identity, enrolment, cameras: [] }));
	client = new WorkerClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
	client.signer = { agentId: enrolment.agentId, key: (await loadIdentity(identity)).signKey };
});
afterEach(() => {
	server.closeAllConnections();
	server.close();
	rmSync(home, { recursive: true });
});
const add = (name = "Cellar") => addCamera({ store, client, name, access: ACCESS, signal });

describe("a camera that is added at the agent", () => {
	it("A13: is told to the service without its secrets, and kept sealed: only this agent's key opens it", async () => {
		const { id, announced } = await add();
		expect(announced).toBe(true);
		const path = "/user=***&password=***/live?pwd=***";
		expect(heard).toEqual([{ id, name: "Cellar", address: { ...ACCESS.url, path } }]);
		expect(readFileSync(join(home, "state.json"), "utf8")).not.toContain("S3cr");
		const [camera] = store.current.cameras;
		expect(camera).toEqual({ id, sealed: expect.any(String), sound: false, name: "Cellar" });
		const identity = await loadIdentity(store.current.identity);
		expect(await openAccess(store.current, identity, id, camera!.sealed)).toEqual(ACCESS);
	});
	it("R01: the password is kept exactly as typed", async () => {
		const { id } = await add();
		const identity = await loadIdentity(store.current.identity);
		const access = await openAccess(store.current, identity, id, store.current.cameras[0]!.sealed);
		expect(access?.password).toBe("S3cr@t#?&é");
	});
	it.each(["restricted", "too-many", "malformed"])(
		"the service says %s: nothing is kept, in its words",
		async (code) => {
			answer = { status: 403, code };
			await expect(add()).rejects.toThrow(`It is ${code}.`);
			expect(store.current.cameras).toEqual([]);
		},
	);
	it.each(["silence", { status: 503, code: "unavailable" }] as const)(
		"the service is away (%j): kept, and told once it is back, across a restart",
		async (away) => {
			answer = away;
			const { id, announced } = await add();
			expect(announced).toBe(false);
			const path = "/user=***&password=***/live?pwd=***";
			store = await StateStore.open(home, () => Promise.reject(new Error("there is a state")));
			expect(store.current.cameras).toMatchObject([{ id, unannounced: { ...ACCESS.url, path } }]);
			answer = { status: 201 };
			expect(await announceWaiting(store, client, signal)).toEqual([]);
			expect(store.current.cameras[0]).not.toHaveProperty("unannounced");
			expect(await announceWaiting(store, client, signal)).toEqual([]);
			expect(heard).toHaveLength(2);
		},
	);
	it("the service took it and the answer was lost: said once more, it is there", async () => {
		answer = "silence";
		await add();
		answer = { status: 409, code: "already-exists" };
		expect(await announceWaiting(store, client, signal)).toEqual([]);
		expect(store.current.cameras).toHaveLength(1);
		expect(store.current.cameras[0]).not.toHaveProperty("unannounced");
	});
	it("refused when the service is back: gone, in its words", async () => {
		answer = "silence";
		await add();
		answer = { status: 403, code: "restricted" };
		expect(await announceWaiting(store, client, signal)).toEqual(["It is restricted."]);
		expect(store.current.cameras).toEqual([]);
	});
	it("an agent that is linked to nobody, or was unlinked, takes none and asks nobody", async () => {
		const { enrolment, ...rest } = store.current;
		store.save({ ...rest, enrolment: { ...enrolment!, ended: true } });
		await expect(add()).rejects.toThrow("not linked");
		store.save(rest);
		await expect(add()).rejects.toThrow("not linked");
		expect(heard).toEqual([]);
	});
	it(`the ${MAX_CAMERAS}th is taken, the next is not`, async () => {
		const one = { id: newId(), sealed: "c2VhbGVk", sound: false };
		store.save({ ...store.current, cameras: Array.from({ length: MAX_CAMERAS - 1 }, () => ({ ...one, id: newId() })) });
		await add();
		await expect(add()).rejects.toThrow(`already has ${MAX_CAMERAS} cameras`);
		expect(heard).toHaveLength(1);
	});
	it("whose addresses are too long is refused, and the next start reads what is kept", async () => {
		const path = (letter: string) => `/${letter.repeat(1023)}`;
		const url = { ...ACCESS.url, path: path("漢") };
		const access = { ...ACCESS, url, sub: { ...url, path: path("字") } };
		await expect(addCamera({ store, client, name: "x", access, signal })).rejects.toThrow("too long");
		expect(heard).toEqual([]);
		answer = "silence";
		const marked = { ...ACCESS, url: { ...ACCESS.url, path: `/?${"pw=&".repeat(255)}` } };
		expect(await addCamera({ store, client, name: "x", access: marked, signal })).toMatchObject({ announced: false });
		const again = await StateStore.open(home, () => Promise.reject(new Error("lost")));
		expect(again.current.cameras).toHaveLength(1);
	});
});
