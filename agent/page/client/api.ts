import type { AgentView } from "../../control.ts";
import type { LogLine } from "../../log.ts";
import type { Privacy } from "../../privacy.ts";

/** What the agent refused, in its words; `code` of its closed list, or `gone` when it does not answer at all. */
export class Refusal extends Error {
	readonly code: string;
	/** Of a recorder: one of these must be chosen first. */
	readonly channels: readonly string[];
	constructor(code: string, words: string, channels: readonly string[] = []) {
		super(words);
		this.code = code;
		this.channels = channels;
	}
}

const KEY = "key";
/** Survives a reload of this tab; other programs' pages on this machine have a store of their own. */
const store = sessionStorage;

async function ask(method: string, path: string, body?: unknown): Promise<Response> {
	const headers: Record<string, string> = { "mivisus-page": store.getItem(KEY) ?? "" };
	if (body !== undefined) headers["content-type"] = "application/json";
	const response = await fetch(`/api${path}`, {
		method,
		headers,
		...(body !== undefined && { body: JSON.stringify(body) }),
	}).catch(() => {
		throw new Refusal("gone", "");
	});
	if (!response.ok) throw refusalOf(await response.json().catch(() => ({})));
	return response;
}
const refusalOf = ({ type = "", detail = "", channels }: { type?: string; detail?: string; channels?: string[] }) =>
	new Refusal(type.split("/").at(-1) ?? "", detail, channels);
const json = async <T>(method: string, path: string, body?: unknown): Promise<T> =>
	(await ask(method, path, body)).json();

/** Reads an answer that comes line by line. */
async function lines(path: string, body: unknown, hear: (line: Line) => void): Promise<void> {
	const response = await ask("POST", path, body);
	const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
	let rest = "";
	for (;;) {
		const { done, value = "" } = await reader.read();
		const parts = (rest + value).split("\n");
		rest = parts.pop() ?? "";
		for (const part of parts) {
			const line = JSON.parse(part) as Line;
			if (line.problem) throw refusalOf(line.problem);
			hear(line);
		}
		if (done) return;
	}
}

/** A key frame, or a picture in JPEG, as base64. */
export interface Picture {
	kind: "jpeg" | "video";
	codec: string;
	width: number;
	height: number;
	description?: string;
	data: string;
}
export type Found = { device: string; name: string; maker?: string; address: { host: string; port: number } };
export type TestResult =
	| { ok: true; sends: string; picture: Picture }
	| { ok: false; code: "camera-refused" | "camera-unreachable" | "stream-unsupported" | "no-picture"; reason: string };
export interface Line {
	problem?: object;
	found?: Found;
	step?: { who: "agent" | "camera" | "note"; text: string };
	end?: TestResult;
}
interface SignIn {
	user?: string;
	password?: string;
}
/** What was typed, or one that was found and says itself where its streams are. */
export type TypedCamera = SignIn &
	(
		| { address: string; certificate?: string }
		| { found: { device: string; host: string; port: number; source?: string } }
	);

/** What this page asks of its agent. Everything rejects with {@link Refusal}. */
export const api = {
	async open(secret: string): Promise<void> {
		store.removeItem(KEY);
		const { key } = await json<{ key: string }>("POST", "/session", { secret });
		store.setItem(KEY, key);
	},
	state: () => json<AgentView>("GET", "/state"),
	log: async () => (await json<{ lines: LogLine[] }>("GET", "/log")).lines,
	newLink: () => json("POST", "/links", {}),
	code: async () => (await json<{ rows: string[] }>("GET", "/links/code")).rows,
	add: (camera: TypedCamera & { name: string }) => json<{ announced: boolean }>("POST", "/cameras", camera),
	setPrivacy: (id: string, privacy: Privacy) => json("PUT", `/cameras/${id}/privacy`, privacy),
	setReady: (id: string, ready: boolean) => json("PUT", `/cameras/${id}/ready`, { ready }),
	test: (camera: TypedCamera | { id: string }, hear: (line: Line) => void) => lines("/tests", camera, hear),
	search: (hear: (line: Line) => void) => lines("/searches", {}, hear),
};
