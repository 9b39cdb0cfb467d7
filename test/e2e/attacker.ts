import { once } from "node:events";
import {
	createServer,
	type IncomingMessage,
	request as requestUpstream,
	type Server,
	type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { newId } from "@mivisus/wire/ids";

/** A JSON body as the attacker sees it: any shape, read and changed at will. */
// biome-ignore lint/suspicious/noExplicitAny: an attacker does not keep to schemas
export type Body = any;
/** Changes an answer of the service; `request` is what was asked. */
type Forge = (answer: Body, request: Body) => Body | Promise<Body>;

const STATE = "/api/agent/state";
const ACKS = "/api/agent/acks";

/**
 * A service that has gone bad: stands where the worker stands, for browser and agent alike, reads all that passes and
 * changes what it likes. The worker behind it is the real one.
 */
export class Attacker {
	/** Bodies that passed, both ways, as they were on the wire between TLS and the service. */
	readonly seen: Buffer[] = [];
	#server: Server;
	#workerPort = 0;
	#forged = new Map<string, Forge>();
	#requests = new Map<string, Body>();
	#state: Body;
	/** Commands of the attacker's own, to be handed out at the next look for news. */
	#planted: { id: string; command: string }[] = [];
	#waiting = new Set<() => void>();
	#verdicts = new Map<string, (verdict: Body) => void>();

	private constructor(server: Server) {
		this.#server = server;
		server.on("request", (request, response) => {
			this.#pass(request, response).catch(() => response.destroy());
		});
	}
	static async start(): Promise<Attacker> {
		const server = createServer().listen(0, "127.0.0.1");
		await once(server, "listening");
		return new Attacker(server);
	}
	/** Stands before the worker at this port; resolves with the port that people are told. */
	async front(workerPort: number): Promise<number> {
		this.#workerPort = workerPort;
		return (this.#server.address() as AddressInfo).port;
	}
	/** From now on changes the answers to this path, `GET /api/agents` for example; undefined: no more. */
	forge(call: string, forge: Forge | undefined): void {
		if (forge) this.#forged.set(call, forge);
		else this.#forged.delete(call);
	}
	/** The last body that was sent to this call. */
	sent(call: string): Body {
		return this.#requests.get(call);
	}
	/** Hands a command to the agent as if an owner had sent it; resolves with what the agent answers to it. */
	plant(command: string): Promise<{ state: string; code?: string; detail?: string }> {
		const id = newId();
		this.#planted.push({ id, command });
		for (const wake of this.#waiting) wake();
		return new Promise((resolve) => this.#verdicts.set(id, resolve));
	}
	close(): void {
		this.#server.closeAllConnections();
		this.#server.close();
	}

	async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const call = `${request.method} ${(request.url ?? "").split("?")[0]}`;
		const sent = await bodyOf(request);
		const asked = parsed(sent);
		this.seen.push(Buffer.from(`${request.url} ${request.rawHeaders.join(" ")}`), sent);
		this.#requests.set(call, asked);
		const verdict = call === `POST ${ACKS}` ? this.#verdicts.get(asked.id) : undefined;
		if (verdict) {
			verdict(asked);
			response.writeHead(204).end();
			return;
		}
		const news = call === `POST ${STATE}`;
		const answer = await this.#ask(request, sent, news);
		if (answer) {
			const body = parsed(answer.body);
			if (news && answer.status === 200) this.#state = body;
			const forged = await this.#forged.get(call)?.(body, asked);
			const out = forged === undefined ? answer.body : Buffer.from(JSON.stringify(forged));
			this.seen.push(out);
			const { "transfer-encoding": _, "content-length": __, ...headers } = answer.headers;
			response.writeHead(answer.status, headers).end(out);
			return;
		}
		const commands = this.#planted.splice(0);
		response.writeHead(200, { "content-type": "application/json" });
		response.end(JSON.stringify({ ...this.#state, commands }));
	}
	/** The worker's answer; undefined when a planted command is to be handed out instead. */
	#ask(request: IncomingMessage, sent: Buffer, news: boolean) {
		return new Promise<{ status: number; headers: IncomingMessage["headers"]; body: Buffer } | undefined>(
			(resolve, reject) => {
				if (news && this.#state && this.#planted.length > 0) return resolve(undefined);
				const { "accept-encoding": _, ...headers } = request.headers;
				const { method, url: path } = request;
				const upstream = requestUpstream({ port: this.#workerPort, host: "127.0.0.1", method, path, headers });
				const wake = () => {
					resolve(undefined);
					upstream.destroy();
				};
				if (news) this.#waiting.add(wake);
				upstream.on("close", () => this.#waiting.delete(wake));
				upstream.on("error", reject);
				upstream.on("response", (answer) => {
					this.#waiting.delete(wake);
					bodyOf(answer).then(
						(body) => resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body }),
						reject,
					);
				});
				upstream.end(sent);
			},
		);
	}
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
	const chunks: Buffer[] = [];
	for await (const chunk of message) chunks.push(chunk as Buffer);
	return Buffer.concat(chunks);
}
function parsed(body: Buffer): Body {
	try {
		return JSON.parse(body.toString("utf8"));
	} catch {
		return undefined;
	}
}
