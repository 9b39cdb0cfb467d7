import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { z } from "zod";
import type { Control } from "../control.ts";
import { MAX_PAGE_BODY_BYTES, MAX_PAGE_CONNECTIONS, MAX_PAGE_TASKS } from "../limits.ts";
import { PageAccess } from "./access.ts";
import { PAGE } from "./assets.generated.ts";
import { cookieOf, guard } from "./guard.ts";
import { PageProblem } from "./problems.ts";
import { type PageRoute, pageRoutes } from "./routes.ts";

const COOKIE = "mivisus-agent";
/** Sent by the page's own script with everything that it asks. */
const KEY = "mivisus-page";
const HEADERS = {
	"content-security-policy":
		"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	"x-content-type-options": "nosniff",
	"referrer-policy": "no-referrer",
	"permissions-policy": "camera=(), microphone=(), geolocation=()",
	"cross-origin-opener-policy": "same-origin",
	"cross-origin-resource-policy": "same-origin",
	"cache-control": "no-store",
};
const FILES: Record<string, [type: string, text: string]> = {
	"/": ["text/html; charset=utf-8", PAGE.html],
	"/page.js": ["text/javascript; charset=utf-8", PAGE.script],
	"/mark.svg": ["image/svg+xml", PAGE.mark],
	"/page.css": ["text/css; charset=utf-8", PAGE.style],
};
const ExchangeBody = z.strictObject({ secret: z.string().max(100) });

/**
 * The agent's own page: loopback only, for who holds a link. The command line comes by the agent's local socket instead,
 * which only the same person can open, and needs none.
 */
export class PageServer {
	readonly port: number;
	#access: PageAccess;
	#routes: PageRoute[];
	#report: (error: Error) => void;
	#servers: Server[] = [];
	#visitors: Server;
	#tasks = 0;

	/** Listens on `port` (0: a free one) of 127.0.0.1, and of ::1 where the machine has it. `report` hears of our own faults. */
	static async open(options: {
		control: Control;
		port: number;
		now: () => number;
		report: (error: Error) => void;
	}): Promise<PageServer> {
		const first = createServer();
		await listening(first, options.port, "127.0.0.1");
		const page = new PageServer(options, (first.address() as AddressInfo).port);
		page.#serve(first);
		const second = createServer();
		// No IPv6 here, or the port is somebody's there: the link that is shown names 127.0.0.1.
		const both = await listening(second, page.port, "::1").then(
			() => true,
			() => false,
		);
		if (both) page.#serve(second);
		return page;
	}
	private constructor(
		{ control, now, report }: { control: Control; now: () => number; report: (error: Error) => void },
		port: number,
	) {
		this.port = port;
		this.#access = new PageAccess(now);
		this.#report = report;
		this.#routes = pageRoutes(control);
		this.#visitors = createServer((request, response) => void this.#answer(request, response, true));
	}
	/** A link to the page: good once, for ten minutes. The secret stands behind `#`, which browsers send to nobody. */
	newLink(): string {
		return `http://127.0.0.1:${this.port}/#${this.#access.mint()}`;
	}
	/** Takes a connection of the local socket. */
	visit(socket: Socket): void {
		this.#visitors.emit("connection", socket);
	}
	/** Ends it, whoever is there. */
	close(): void {
		for (const server of [...this.#servers, this.#visitors]) {
			server.closeAllConnections();
			server.close();
		}
	}
	#serve(server: Server): void {
		server.maxConnections = MAX_PAGE_CONNECTIONS;
		server.requestTimeout = 15_000;
		server.headersTimeout = 10_000;
		server.on("request", (request, response) => void this.#answer(request, response, false));
		server.on("error", (error) => this.#report(error));
		this.#servers.push(server);
	}
	async #answer(request: IncomingMessage, response: ServerResponse, trusted: boolean): Promise<void> {
		try {
			for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
			if (!trusted) guard(request, this.port);
			const [path = ""] = (request.url ?? "").split("?");
			if (path.startsWith("/api/")) await this.#api(request, response, path, trusted);
			else file(request, response, path);
		} catch (error) {
			// Whoever asked has gone, or was never whole: any local program can do that, as often as it likes.
			const gone = request.destroyed && !request.complete;
			const isOurs = !(error instanceof PageProblem) && !gone && (error as Error).name !== "AbortError";
			if (isOurs) this.#report(error as Error);
			refuse(response, error instanceof PageProblem ? error : new PageProblem("internal"));
		}
	}
	async #api(request: IncomingMessage, response: ServerResponse, path: string, trusted: boolean): Promise<void> {
		if (trusted && path === "/api/page-links" && request.method === "POST")
			return json(response, { url: this.newLink() });
		if (path === "/api/session" && request.method === "POST") return this.#open(request, response);
		const session = {
			cookie: cookieOf(request.headers.cookie, COOKIE),
			key: [request.headers[KEY]].flat()[0],
		};
		if (!trusted && !this.#access.knows(session)) throw new PageProblem("page-not-open");
		if (path === "/api/session" && request.method === "DELETE") {
			this.#access.end(session);
			return json(response, {});
		}
		const { route, params } = this.#find(request.method ?? "", path, response);
		const body = route.body ? await bodyOf(request, route.body) : undefined;
		const left = new AbortController();
		response.on("close", () => left.abort());
		const write = (line: unknown) => {
			if (!response.headersSent) response.writeHead(200, { "content-type": "application/x-ndjson" });
			response.write(`${JSON.stringify(line)}\n`);
		};
		const call = { body: body as never, params, signal: left.signal, write };
		if (!route.streams) return json(response, await route.handle(call));
		if (this.#tasks >= MAX_PAGE_TASKS) throw new PageProblem("too-many");
		this.#tasks += 1;
		try {
			await route.handle(call);
			response.end();
		} finally {
			this.#tasks -= 1;
		}
	}
	async #open(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const { secret } = await bodyOf(request, ExchangeBody);
		const session = this.#access.exchange(secret);
		if (!session) throw new PageProblem("page-not-open");
		// No `Secure`: loopback has no certificate, and some browsers would not keep it. No `Max-Age`: it goes with the browser.
		response.setHeader("set-cookie", `${COOKIE}=${session.cookie}; Path=/api; HttpOnly; SameSite=Strict`);
		json(response, { key: session.key });
	}
	#find(method: string, path: string, response: ServerResponse) {
		const parts = path.split("/");
		const fitting = this.#routes.filter((route) => {
			const pattern = route.path.split("/");
			return pattern.length === parts.length && pattern.every((part, i) => part.startsWith(":") || part === parts[i]);
		});
		const route = fitting.find((candidate) => candidate.method === method);
		if (fitting.length === 0) throw new PageProblem("not-found");
		if (!route) {
			response.setHeader("allow", fitting.map((candidate) => candidate.method).join(", "));
			throw new PageProblem("method-not-allowed");
		}
		const named = route.path.split("/").flatMap((part, i) => (part.startsWith(":") ? [[part.slice(1), parts[i]]] : []));
		return { route, params: Object.fromEntries(named) as Record<string, string> };
	}
}

function listening(server: Server, port: number, host: string): Promise<void> {
	return new Promise((resolve, reject) => {
		server.once("error", reject);
		server.listen({ port, host, ipv6Only: host === "::1" }, () => {
			server.off("error", reject);
			resolve();
		});
	});
}

function file(request: IncomingMessage, response: ServerResponse, path: string): void {
	const found = Object.hasOwn(FILES, path) ? FILES[path] : undefined;
	if (!found) throw new PageProblem("not-found");
	if (request.method !== "GET" && request.method !== "HEAD") {
		response.setHeader("allow", "GET, HEAD");
		throw new PageProblem("method-not-allowed");
	}
	response.writeHead(200, { "content-type": found[0] });
	response.end(request.method === "HEAD" ? undefined : found[1]);
}

/** The body by its schema. A refused one is not read any further, and its connection ends. */
async function bodyOf<S extends z.ZodType>(request: IncomingMessage, schema: S): Promise<z.output<S>> {
	if (!/^application\/json\s*(;|$)/i.test(request.headers["content-type"] ?? "")) throw new PageProblem("not-json");
	if (Number(request.headers["content-length"] ?? 0) > MAX_PAGE_BODY_BYTES) throw new PageProblem("too-large");
	const chunks: Buffer[] = [];
	let size = 0;
	for await (const chunk of request) {
		size += (chunk as Buffer).length;
		if (size > MAX_PAGE_BODY_BYTES) throw new PageProblem("too-large");
		chunks.push(chunk as Buffer);
	}
	let value: unknown;
	try {
		value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks)));
	} catch {
		throw new PageProblem("malformed");
	}
	const parsed = schema.safeParse(value);
	if (parsed.success) return parsed.data;
	// The field's name, never its value: it may be a password.
	const fields = [...new Set(parsed.error.issues.map(({ path }) => path.join(".") || "body"))].join(", ");
	throw new PageProblem("malformed", `The request cannot be read (${fields}).`);
}

function json(response: ServerResponse, value: unknown): void {
	response.writeHead(200, { "content-type": "application/json" });
	response.end(JSON.stringify(value));
}

function refuse(response: ServerResponse, problem: PageProblem): void {
	if (response.writableEnded) return;
	if (response.headersSent) return void response.end(`${JSON.stringify({ problem: problem.document })}\n`);
	// What is left of a refused body is not waited for.
	response.writeHead(problem.status, { "content-type": "application/problem+json", connection: "close" });
	response.end(JSON.stringify(problem.document));
}
