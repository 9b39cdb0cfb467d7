import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Revocation } from "@mivisus/wire/token";
import { RevocationPush, TokenError, type VerificationKeys, verifyControlToken } from "@mivisus/wire/token";
import { MAX_HTTP_BODY_BYTES } from "./limits.ts";
import type { Answer, Routes } from "./operations.ts";

export interface ControlOptions {
	audience: string;
	keys: VerificationKeys;
	now: () => number;
	/** Answer of `/healthz`; `undefined` while nothing serves. */
	health(): object | undefined;
	/** Applies a push; resolves with the highest number applied. */
	revoke(revocations: Revocation[]): Promise<number>;
	/** More that is answered to GET. */
	routes?: Routes;
}

/** An answer that is not a success, as RFC 9457 problem. */
class Problem extends Error {
	override name = "Problem";
	readonly status: number;
	readonly code: string;
	constructor(status: number, code: string, title: string) {
		super(title);
		this.status = status;
		this.code = code;
	}
}

/** The relay's small HTTP side: is it well, and the worker's pushes. */
export class ControlServer {
	#options: ControlOptions;
	#server: Server;
	/** Control tokens used, with when they can be forgotten (s). */
	#used = new Map<string, number>();

	constructor(options: ControlOptions) {
		this.#options = options;
		this.#server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => {
			void this.#answer(request, response);
		});
	}
	/** Rejects when the address is taken. Resolves with the port. */
	listen(host: string, port: number): Promise<number> {
		return new Promise((resolve, reject) => {
			this.#server.once("error", reject);
			this.#server.listen(port, host, () => resolve((this.#server.address() as AddressInfo).port));
		});
	}
	close(): void {
		this.#server.close();
		this.#server.closeAllConnections();
	}
	async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		try {
			const made = await this.#made(request);
			if (made) sendText(response, made);
			else send(response, 200, "application/json", await this.#route(request));
		} catch (error) {
			const problem = error instanceof Problem ? error : new Problem(500, "internal", "Something went wrong.");
			// The rest of an oversized or unwanted body is not waited for.
			if (!request.complete) response.setHeader("Connection", "close");
			send(response, problem.status, "application/problem+json", {
				type: `https://mivisus.com/problems/${problem.code}`,
				title: problem.message,
				status: problem.status,
			});
		}
	}
	/** The answer of one of the routes given, if it is one. */
	async #made({ url, method }: IncomingMessage): Promise<Answer | undefined> {
		const path = (url ?? "").split("?")[0] ?? "";
		const route = Object.hasOwn(this.#options.routes ?? {}, path) ? this.#options.routes?.[path] : undefined;
		if (route && method !== "GET") throw new Problem(405, "method-not-allowed", "Another method.");
		return route?.();
	}
	async #route(request: IncomingMessage): Promise<object> {
		const path = (request.url ?? "").split("?")[0];
		if (path === "/healthz" && request.method === "GET") return this.#health();
		if (path === "/revocations" && request.method === "POST") return this.#revoke(request);
		if (path === "/healthz" || path === "/revocations") throw new Problem(405, "method-not-allowed", "Another method.");
		throw new Problem(404, "not-found", "There is nothing here.");
	}
	#health(): object {
		const health = this.#options.health();
		if (!health) throw new Problem(503, "not-serving", "The relay takes nobody in at the moment.");
		return health;
	}
	async #revoke(request: IncomingMessage): Promise<object> {
		await this.#authorize(request.headers.authorization);
		const push = RevocationPush.safeParse(await readJson(request));
		if (!push.success) throw new Problem(400, "malformed", "The body is not a list of revocations.");
		const seq = await this.#options.revoke(push.data.revocations).catch(() => undefined);
		if (seq === undefined)
			throw new Problem(503, "not-applied", "A process of the relay did not answer; send it again.");
		return { seq };
	}
	async #authorize(header: string | undefined): Promise<void> {
		const token = /^Bearer (\S+)$/.exec(header ?? "")?.[1];
		if (!token) throw new Problem(401, "unauthorized", "A bearer token is missing.");
		const { audience, keys, now } = this.#options;
		try {
			const { jti, exp } = await verifyControlToken(token, { audience, keys, nowMs: now() });
			const nowS = now() / 1000;
			for (const [used, until] of this.#used) if (until <= nowS) this.#used.delete(used);
			if (this.#used.has(jti)) throw new Problem(401, "unauthorized", "The token was used before.");
			this.#used.set(jti, exp);
		} catch (error) {
			if (error instanceof TokenError) throw new Problem(401, "unauthorized", `The token is refused: ${error.reason}.`);
			throw error;
		}
	}
}

async function readJson(request: IncomingMessage): Promise<unknown> {
	const chunks: Buffer[] = [];
	let length = 0;
	for await (const chunk of request as AsyncIterable<Buffer>) {
		length += chunk.length;
		if (length > MAX_HTTP_BODY_BYTES) throw new Problem(413, "too-large", "The body is too large.");
		chunks.push(chunk);
	}
	try {
		return JSON.parse(Buffer.concat(chunks).toString("utf8"));
	} catch {
		throw new Problem(400, "malformed", "The body is not JSON.");
	}
}

function send(response: ServerResponse, status: number, type: string, body: object): void {
	sendText(response, { status, type, body: JSON.stringify(body) });
}
function sendText(response: ServerResponse, { status, type, body }: Answer): void {
	response.writeHead(status, { "Content-Type": type, "Cache-Control": "no-store" });
	response.end(body);
}
