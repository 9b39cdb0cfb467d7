import { Id, newId, toBase64Url } from "@mivisus/wire/ids";
import type { CryptoKey } from "@mivisus/wire/keys";
import { type Assertion, Domain, type StreamAddress, signStatement } from "@mivisus/wire/signed";
import { z } from "zod";
import type { StreamReport } from "./publish/stream-reports.ts";

/** The service refused, or answered what no service of ours would. `code` is a problem's (RFC 9457) last path segment. */
export class WorkerError extends Error {
	override name = "WorkerError";
	/** HTTP status; 0 when there was no answer. */
	readonly status: number;
	readonly code: string;
	constructor(status: number, code: string, detail: string) {
		super(detail);
		this.status = status;
		this.code = code;
	}
	/** Whether the same call may well succeed in a moment. */
	get passing(): boolean {
		return this.status === 0 || this.status === 429 || this.status >= 500;
	}
}

const Problem = z.looseObject({
	type: z.string().optional(),
	detail: z.string().optional(),
	title: z.string().optional(),
});
const Key = z.base64url().max(100);

export const EnrolmentState = z.discriminatedUnion("state", [
	z.object({ state: z.literal("waiting") }),
	z.object({
		state: z.literal("claimed"),
		agentId: Id,
		accountId: Id,
		device: z.object({ id: Id, signKey: Key, sealKey: Key, label: z.string().max(80) }),
		mac: Key,
	}),
]);
export type EnrolmentState = z.infer<typeof EnrolmentState>;

/** Texts of the service are shown in a terminal: nothing in them may be more than a letter. */
const lettersOf = (text: string) => text.replace(/\p{C}/gu, "");

export const ServiceState = z.object({
	revision: z.union([z.number(), z.string()]),
	accountId: z.string(),
	cameras: z.array(z.object({ id: z.string(), name: z.string().max(80).transform(lettersOf).optional() })),
	commands: z.array(z.object({ id: z.string(), command: z.string() })),
});
export type ServiceState = z.infer<typeof ServiceState>;

export const RelayAccess = z.object({
	token: z.string().max(4096),
	url: z.url({ protocol: /^https$/ }),
	tcpUrl: z.url({ protocol: /^wss?$/ }).optional(),
	certificateHashes: z.array(z.base64url()),
	untilMs: z.number(),
});
export type RelayAccess = z.infer<typeof RelayAccess>;

/** How long any single answer may take beyond what it was asked to wait, ms. */
const PATIENCE_MS = 15_000;
const MAX_ANSWER_BYTES = 1024 * 1024;
/** What of the service's words is shown, characters. */
const MAX_WORDS = 300;

/** Who signs: known once the agent is enrolled. */
export interface Signer {
	agentId: string;
	key: CryptoKey;
}

/**
 * HTTP to the service's `/api/agent`. Signed calls carry an assertion over method, path and body, with a nonce of the
 * service; there is no password and no bearer token to steal.
 */
export class WorkerClient {
	readonly origin: string;
	signer: Signer | undefined;
	#fetch: typeof fetch;
	#nonce: string | undefined;

	constructor(origin: string, fetcher: typeof fetch = fetch) {
		this.origin = origin;
		this.#fetch = fetcher;
	}
	announceEnrolment(body: { code: string; signKey: string; sealKey: string; name: string }, signal: AbortSignal) {
		return this.#call("/api/agent/enrolments", body, z.object({ expiresAtMs: z.number() }), signal);
	}
	pollEnrolment(code: string, signal: AbortSignal): Promise<EnrolmentState> {
		return this.#call("/api/agent/enrolments/poll", { code }, EnrolmentState, signal);
	}
	/** Says whether this agent obeys the device that claimed it. */
	confirm(body: { device: string; accepted: boolean; reason?: string }, signal: AbortSignal) {
		return this.#signed("/api/agent/confirm", body, z.unknown(), signal);
	}
	/** Long poll: answers when something changed after `after`, or after `waitMs`. */
	state(after: number | string, waitMs: number, signal: AbortSignal): Promise<ServiceState> {
		return this.#signed("/api/agent/state", { after, waitMs }, ServiceState, signal, waitMs);
	}
	acknowledge(body: { id: string; state: "done" | "refused"; code?: string; detail?: string }, signal: AbortSignal) {
		return this.#signed("/api/agent/acks", body, z.unknown(), signal);
	}
	/** Tells when streams changed state; at most 100 of them. */
	reportStreams(events: readonly StreamReport[], signal: AbortSignal) {
		return this.#signed("/api/agent/streams", { events }, z.unknown(), signal);
	}
	/** Tells of a camera that was added here: what may be shown of it, without user and password. */
	announceCamera(body: { id: string; name: string; address: StreamAddress }, signal: AbortSignal) {
		return this.#signed("/api/agent/cameras", body, z.unknown(), signal);
	}
	relayToken(signal: AbortSignal): Promise<RelayAccess> {
		return this.#signed("/api/agent/relay-token", {}, RelayAccess, signal);
	}

	async #signed<T>(path: string, body: unknown, answer: z.ZodType<T>, signal: AbortSignal, waitMs = 0): Promise<T> {
		if (!this.signer) throw new Error("the agent is not enrolled");
		if (!this.#nonce) await this.#call("/api/agent/challenge", {}, z.unknown(), signal);
		try {
			return await this.#call(path, body, answer, signal, waitMs, this.signer);
		} catch (error) {
			// The answer brought a fresh nonce: this is the protocol's second step, not a retry of a failure.
			if (!(error instanceof WorkerError && error.code === "nonce-required")) throw error;
			return this.#call(path, body, answer, signal, waitMs, this.signer);
		}
	}
	async #call<T>(
		path: string,
		body: unknown,
		answer: z.ZodType<T>,
		signal: AbortSignal,
		waitMs = 0,
		signer?: Signer,
	): Promise<T> {
		const text = JSON.stringify(body);
		const headers: Record<string, string> = { "content-type": "application/json" };
		if (signer) headers["authorization"] = `Mivisus-Agent ${await this.#assertion(signer, path, text)}`;
		const response = await this.#fetch(`${this.origin}${path}`, {
			method: "POST",
			headers,
			body: text,
			redirect: "error",
			signal: AbortSignal.any([signal, AbortSignal.timeout(waitMs + PATIENCE_MS)]),
		}).catch((error: Error) => {
			if (signal.aborted) throw error;
			throw new WorkerError(0, "unreachable", `${this.origin} ${whyUnreachable(error)}`);
		});
		this.#nonce = response.headers.get("mivisus-nonce") ?? this.#nonce;
		const answered = await textOf(response).catch((error: Error) => {
			if (error instanceof WorkerError || signal.aborted) throw error;
			throw new WorkerError(0, "unreachable", `${this.origin} broke off in its answer.`);
		});
		const json = parseJson(answered);
		if (!response.ok) throw problemOf(response.status, json);
		const parsed = answer.safeParse(json);
		if (parsed.success) return parsed.data;
		throw new WorkerError(response.status, "odd-answer", `The service answered something unexpected to ${path}.`);
	}
	async #assertion({ agentId, key }: Signer, path: string, body: string): Promise<string> {
		const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(body));
		const assertion: Assertion = {
			agent: agentId,
			aud: this.origin,
			nonce: this.#nonce ?? "",
			method: "POST",
			path,
			bodySha256: toBase64Url(new Uint8Array(digest)),
			jti: newId(),
			iat: Math.floor(Date.now() / 1000),
		};
		return signStatement(key, Domain.assertion, assertion);
	}
}

/** What a failed request means, as the end of a sentence about the service. */
function whyUnreachable(error: Error): string {
	if (error.name === "TimeoutError") return "does not answer.";
	const code = (error.cause as NodeJS.ErrnoException | undefined)?.code;
	if (code === "ECONNREFUSED") return "does not answer: nothing listens there. Is the service running?";
	if (code === "ENOTFOUND" || code === "EAI_AGAIN")
		return "cannot be found. Is the name right, and is this machine online?";
	if (/CERT|SIGNATURE|ISSUER/.test(code ?? "")) return `does not prove who it is (${code}).`;
	return code ? `cannot be reached (${code}).` : "cannot be reached.";
}

/** The body, given up when it is longer than any answer of ours. */
async function textOf(response: Response): Promise<string> {
	const decoder = new TextDecoder();
	let text = "";
	for await (const chunk of response.body ?? []) {
		text += decoder.decode(chunk as Uint8Array, { stream: true });
		if (text.length > MAX_ANSWER_BYTES)
			throw new WorkerError(response.status, "odd-answer", "The service's answer is too long.");
	}
	return text + decoder.decode();
}

function parseJson(text: string): unknown {
	if (text === "") return undefined;
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

function problemOf(status: number, json: unknown): WorkerError {
	const problem = Problem.safeParse(json).data;
	const code = problem?.type?.split("/").at(-1) ?? "unknown";
	const words = problem?.detail ?? problem?.title ?? `The service answered ${status}.`;
	return new WorkerError(status, code, lettersOf(words).slice(0, MAX_WORDS));
}
