import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createIdentity, loadIdentity } from "./pairing/identity.ts";
import { WorkerClient, WorkerError } from "./worker-client.ts";

let server: Server | undefined;
afterEach(() => {
	server?.closeAllConnections();
	server?.close();
});
/** A service that answers so. */
async function serve(listener: RequestListener): Promise<WorkerClient> {
	server = createServer(listener).listen(0, "127.0.0.1");
	await once(server, "listening");
	return new WorkerClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}
const { signal } = new AbortController();
const failure = async (promise: Promise<unknown>): Promise<WorkerError> => {
	const error = await promise.then(
		() => undefined,
		(reason) => reason,
	);
	expect(error).toBeInstanceOf(WorkerError);
	return error as WorkerError;
};
const json = { "content-type": "application/json" };

describe("what a person reads when the service cannot be used", () => {
	it("nothing listens there", async () => {
		const client = await serve(() => {});
		server?.close();
		const { code, status, message } = await failure(client.pollEnrolment("a", signal));
		expect([code, status]).toEqual(["unreachable", 0]);
		expect(message).toMatch(/^http:\/\/127\.0\.0\.1:\d+ does not answer: nothing listens there/);
	});
	it("it breaks off in its answer", async () => {
		const client = await serve((_, response) => {
			response.writeHead(200, { ...json, "content-length": 100 });
			response.write("{");
			setTimeout(() => response.destroy(), 20);
		});
		const { code, status, passing, message } = await failure(client.pollEnrolment("a", signal));
		expect([code, status, passing]).toEqual(["unreachable", 0, true]);
		expect(message).toContain("broke off");
	});
	it("it leads elsewhere: not followed", async () => {
		let asked = 0;
		const client = await serve((_, response) => {
			asked += 1;
			response.writeHead(307, { location: "/elsewhere" }).end();
		});
		expect((await failure(client.pollEnrolment("a", signal))).code).toBe("unreachable");
		expect(asked).toBe(1);
	});
	it("a problem document keeps its code and words", async () => {
		const body = { type: "https://mivisus.com/problems/too-many", detail: "An account has at most 16 agents." };
		const client = await serve((_, response) => response.writeHead(409, json).end(JSON.stringify(body)));
		const { code, status, message } = await failure(client.pollEnrolment("a", signal));
		expect([code, status, message]).toEqual(["too-many", 409, body.detail]);
	});
	it("words that a terminal would obey are letters and nothing more", async () => {
		const body = {
			type: "https://mivisus.com/problems/evil",
			detail: `\u001b]0;owned\u0007\u009b2J\u202eno${"!".repeat(999)}`,
		};
		const client = await serve((_, response) => response.writeHead(403, json).end(JSON.stringify(body)));
		const { message } = await failure(client.pollEnrolment("a", signal));
		expect(message).not.toMatch(/\p{C}/u);
		expect(message).toMatch(/^\]0;owned2Jno!+$/);
		expect(message.length).toBe(300);
	});
	it.each(["agentId", "accountId"])(
		"an %s that the state file could not hold is refused before it is stored",
		async (field) => {
			const key = "A".repeat(43);
			const device = { id: "A".repeat(22), signKey: key, sealKey: key, label: "phone" };
			const body = { state: "claimed", agentId: "A".repeat(22), accountId: "A".repeat(22), device, mac: key };
			const client = await serve((_, response) =>
				response.writeHead(200, json).end(JSON.stringify({ ...body, [field]: "x" })),
			);
			expect((await failure(client.pollEnrolment("a", signal))).code).toBe("odd-answer");
		},
	);
	it.each([
		["no JSON", "<html>"],
		["another shape", JSON.stringify({ state: "perhaps" })],
		["nothing", ""],
	])("%s", async (_, body) => {
		const client = await serve((_request, response) => response.writeHead(200, json).end(body));
		expect((await failure(client.pollEnrolment("a", signal))).code).toBe("odd-answer");
	});
	it("an endless answer is given up at a megabyte", async () => {
		let sent = 0;
		const client = await serve((_, response) => {
			response.writeHead(200, json);
			const more = () => {
				while (!response.destroyed && response.write(" ".repeat(65_536))) sent += 65_536;
				sent += 65_536;
			};
			response.on("drain", more);
			more();
		});
		expect((await failure(client.pollEnrolment("a", signal))).message).toBe("The service's answer is too long.");
		expect(sent).toBeLessThan(32 * 1024 * 1024);
	});
	it("whoever stops waiting gets that back, not a fault of the service", async () => {
		const client = await serve(() => {});
		const stop = new AbortController();
		const asking = client.pollEnrolment("a", stop.signal);
		stop.abort();
		await expect(asking).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
	});
});

it("takes the nonce that a refusal brings, and signs anew with it, once", async () => {
	const nonces: string[] = [];
	const client = await serve((request, response) => {
		const [json64 = ""] = (request.headers.authorization ?? "").replace("Mivisus-Agent ", "").split(".");
		const said = json64 && JSON.parse(Buffer.from(json64, "base64url").toString());
		if (said) nonces.push(said.nonce);
		const type = "https://mivisus.com/problems/nonce-required";
		const headers = { ...json, "mivisus-nonce": `n${nonces.length}` };
		if (nonces.length === 1) response.writeHead(401, headers).end(JSON.stringify({ type }));
		else response.writeHead(200, headers).end("{}");
	});
	const identity = await loadIdentity(await createIdentity());
	client.signer = { agentId: "a", key: identity.signKey };
	await client.confirm({ device: "a", accepted: true }, signal);
	expect(nonces).toEqual(["n0", "n1"]);
});
