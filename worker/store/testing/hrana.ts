import { randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import { Batch, type Condition, HranaStream, Stmt, WriterLock } from "./hrana-stream.ts";

const Pipeline = z.object({
	baton: z.string().nullish(),
	requests: z.array(
		z.discriminatedUnion("type", [
			z.object({ type: z.literal("close") }),
			z.object({ type: z.literal("execute"), stmt: Stmt }),
			z.object({ type: z.literal("batch"), batch: Batch }),
			z.object({ type: z.literal("sequence"), sql: z.string().nullish(), sql_id: z.number().nullish() }),
			z.object({ type: z.literal("store_sql"), sql_id: z.number(), sql: z.string() }),
			z.object({ type: z.literal("close_sql"), sql_id: z.number() }),
			z.object({ type: z.literal("get_autocommit") }),
		]),
	),
});
type Request = z.infer<typeof Pipeline>["requests"][number];

export interface HranaOptions {
	/** Path of the database file. */
	file: string;
	/** What clients must show. */
	token: string;
	/** 0 takes a free one. */
	port?: number;
	/** A stream that nobody asks anything of for so long is closed and its transaction undone, ms. */
	idleMs?: number;
	/** How long a writer waits for the one before it until it is told SQLITE_BUSY, ms. */
	busyMs?: number;
}

/**
 * A libSQL server on this machine: Hrana over HTTP, versions 2 and 3 (JSON), over the embedded engine. It stands where a
 * deployment has a remote database: in tests, and in `npm start -- --edge`. Each stream has one connection of its own.
 */
export class HranaEndpoint {
	/** What becomes of the network: a request does not arrive, or its answer does not. */
	cut: "request" | "answer" | undefined;
	/** Pipelines that came in. */
	requests = 0;
	#options: Required<HranaOptions>;
	#server: Server;
	#streams = new Map<string, { stream: HranaStream; expire: NodeJS.Timeout }>();
	#lock = new WriterLock();

	private constructor(options: HranaOptions) {
		this.#options = { port: 0, idleMs: 10_000, busyMs: 5000, ...options };
		this.#server = createServer((request, response) => {
			this.#serve(request, response).catch(() => response.destroy());
		});
	}
	static start(options: HranaOptions): Promise<HranaEndpoint> {
		const endpoint = new HranaEndpoint(options);
		return new Promise((resolve, reject) => {
			endpoint.#server.once("error", reject);
			endpoint.#server.listen(endpoint.#options.port, "127.0.0.1", () => resolve(endpoint));
		});
	}
	get url(): string {
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}
	/** Streams that are open: more than none at rest means that somebody forgot to close one. */
	get open(): number {
		return this.#streams.size;
	}
	async close(): Promise<void> {
		for (const { stream, expire } of this.#streams.values()) {
			clearTimeout(expire);
			stream.close();
		}
		this.#streams.clear();
		this.#server.closeAllConnections();
		await new Promise((resolve) => this.#server.close(resolve));
	}
	async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const chunks: Buffer[] = [];
		for await (const chunk of request) chunks.push(chunk as Buffer);
		const answer = (status: number, body: object) => {
			response.writeHead(status, { "Content-Type": "application/json" });
			response.end(JSON.stringify(body));
		};
		if (this.cut === "request") return void response.destroy();
		const version = /^\/v([23])(\/pipeline)?$/.exec(request.url ?? "");
		if (!version) return answer(404, { message: "there is nothing here" });
		if (request.method === "GET") return answer(200, {});
		if (!this.#admits(request)) return answer(401, { message: "the token is wrong", code: "AUTH_JWT_INVALID" });
		this.requests += 1;
		const parsed = Pipeline.safeParse(JSON.parse(Buffer.concat(chunks).toString()));
		if (!parsed.success) return answer(400, { message: z.prettifyError(parsed.error), code: "HTTP_BODY_INVALID" });
		const { baton, requests } = parsed.data;
		const stream = baton ? this.#take(baton) : new HranaStream(this.#options.file, this.#lock, this.#options.busyMs);
		if (!stream) return answer(400, { message: "the stream has expired", code: "STREAM_EXPIRED" });
		const results: object[] = [];
		for (const one of requests) results.push(await perform(stream, one));
		const next = stream.closed ? null : this.#keep(stream);
		if (this.cut === "answer") return void response.destroy();
		answer(200, { baton: next, base_url: null, results });
	}
	#admits(request: IncomingMessage): boolean {
		const given = Buffer.from(request.headers.authorization ?? "");
		const wanted = Buffer.from(`Bearer ${this.#options.token}`);
		return given.length === wanted.length && timingSafeEqual(given, wanted);
	}
	/** A baton works once. */
	#take(baton: string): HranaStream | undefined {
		const found = this.#streams.get(baton);
		if (!found) return undefined;
		clearTimeout(found.expire);
		this.#streams.delete(baton);
		return found.stream;
	}
	#keep(stream: HranaStream): string {
		const baton = randomBytes(16).toString("base64url");
		const expire = setTimeout(() => {
			this.#streams.delete(baton);
			stream.close();
		}, this.#options.idleMs);
		this.#streams.set(baton, { stream, expire });
		return baton;
	}
}

async function perform(stream: HranaStream, request: Request): Promise<object> {
	const ok = (response: object) => ({ type: "ok", response: { type: request.type, ...response } });
	try {
		switch (request.type) {
			case "close":
				stream.close();
				return ok({});
			case "execute":
				return ok({ result: await stream.execute(request.stmt) });
			case "batch":
				return ok({ result: await batch(stream, request.batch.steps) });
			case "sequence":
				await stream.sequence(stream.text(request));
				return ok({});
			case "store_sql":
				stream.texts.set(request.sql_id, request.sql);
				return ok({});
			case "close_sql":
				stream.texts.delete(request.sql_id);
				return ok({});
			case "get_autocommit":
				return ok({ is_autocommit: stream.autocommit });
		}
	} catch (error) {
		return { type: "error", error: told(error) };
	}
}

/** Runs the steps whose conditions hold. */
async function batch(stream: HranaStream, steps: { condition?: Condition | null | undefined; stmt: Stmt }[]) {
	const results: (object | null)[] = [];
	const errors: (object | null)[] = [];
	const holds = (condition: Condition): boolean => {
		switch (condition.type) {
			case "ok":
				return results[condition.step] != null;
			case "error":
				return errors[condition.step] != null;
			case "not":
				return !holds(condition.cond);
			case "and":
				return condition.conds.every(holds);
			case "or":
				return condition.conds.some(holds);
			case "is_autocommit":
				return stream.autocommit;
		}
	};
	for (const { condition, stmt } of steps) {
		let [result, error]: [object | null, object | null] = [null, null];
		if (!condition || holds(condition)) {
			try {
				result = await stream.execute(stmt);
			} catch (problem) {
				error = told(problem);
			}
		}
		results.push(result);
		errors.push(error);
	}
	return { step_results: results, step_errors: errors };
}

const told = (error: unknown) => ({
	message: (error as Error).message,
	code: (error as { code?: string }).code ?? "UNKNOWN",
});
