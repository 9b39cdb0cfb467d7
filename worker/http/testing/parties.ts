import { agentFingerprint, makeEnrolmentMac, newEnrolmentSecrets } from "@mivisus/wire/enrolment";
import { newId, toBase64Url } from "@mivisus/wire/ids";
import { type CryptoKey, exportKey, newSignKeys } from "@mivisus/wire/keys";
import { newSealKeys } from "@mivisus/wire/seal";
import { type Assertion, type Command, Domain, signStatement } from "@mivisus/wire/signed";
import type { Answered, TestWorker } from "./server.ts";

/** An Ed25519 and an X25519 key pair, as agents and browsers have them. */
export class Keys {
	readonly signPrivate: CryptoKey;
	readonly signKey: string;
	readonly sealKey: string;
	private constructor(signPrivate: CryptoKey, signKey: string, sealKey: string) {
		this.signPrivate = signPrivate;
		this.signKey = signKey;
		this.sealKey = sealKey;
	}
	static async make(): Promise<Keys> {
		const sign = await newSignKeys(false);
		const sealKey = toBase64Url((await newSealKeys()).publicKey);
		return new Keys(sign.privateKey, await exportKey("raw", sign.publicKey), sealKey);
	}
}

/** An agent without cameras: it speaks to the worker exactly as the real one does. */
export class TestAgent {
	readonly keys: Keys;
	readonly worker: TestWorker;
	/** Of the link it shows. */
	secrets = newEnrolmentSecrets();
	id = "";
	nonce = "";
	constructor(worker: TestWorker, keys: Keys) {
		this.worker = worker;
		this.keys = keys;
	}
	announce(): Promise<Answered> {
		const { signKey, sealKey } = this.keys;
		const body = { code: this.secrets.code, signKey, sealKey, name: "Attic" };
		return this.worker.call("POST", "/agent/enrolments", { body, origin: null });
	}
	poll(): Promise<Answered> {
		return this.worker.call("POST", "/agent/enrolments/poll", { body: { code: this.secrets.code }, origin: null });
	}
	/** The header for a call, with what the test changes. */
	async sign(
		path: string,
		body: string,
		change: Partial<Assertion> = {},
		key = this.keys.signPrivate,
	): Promise<string> {
		const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(body));
		const assertion: Assertion = {
			agent: this.id,
			aud: this.worker.origin,
			nonce: this.nonce,
			method: "POST",
			path: `/api${path}`,
			bodySha256: toBase64Url(new Uint8Array(digest)),
			jti: newId(),
			iat: 1,
			...change,
		};
		return `Mivisus-Agent ${await signStatement(key, Domain.assertion, assertion)}`;
	}
	/** A fresh nonce. */
	async challenge(): Promise<void> {
		const { headers } = await this.worker.call("POST", "/agent/challenge", { body: {}, origin: null });
		this.nonce = headers.get("mivisus-nonce") ?? "";
	}
	/** A signed call. */
	async call(path: string, body: unknown = {}): Promise<Answered> {
		if (this.nonce === "") await this.challenge();
		const raw = JSON.stringify(body);
		const headers = { authorization: await this.sign(path, raw) };
		const answered = await this.worker.call("POST", path, { raw, origin: null, headers });
		this.nonce = answered.headers.get("mivisus-nonce") ?? this.nonce;
		return answered;
	}
	/** Cameras, waiting commands and revision, without waiting. */
	async state(after = 0, waitMs = 0) {
		const { json } = await this.call("/agent/state", { after, waitMs });
		return json as { revision: number; cameras: { id: string }[]; commands: { id: string; command: string }[] };
	}
}

/** A signed-in browser with device keys. */
export class TestPage {
	readonly worker: TestWorker;
	cookie: string;
	readonly accountId: string;
	readonly keys: Keys;
	deviceId = "";
	#counter = 0;
	private constructor(worker: TestWorker, cookie: string, accountId: string, keys: Keys) {
		this.worker = worker;
		this.cookie = cookie;
		this.accountId = accountId;
		this.keys = keys;
	}
	static async open(worker: TestWorker, email: string): Promise<TestPage> {
		const { cookie, accountId } = await worker.person(email);
		return new TestPage(worker, cookie, accountId, await Keys.make());
	}
	call(method: string, path: string, body?: unknown): Promise<Answered> {
		return this.worker.call(method, path, { cookie: this.cookie, ...(body !== undefined && { body }) });
	}
	async claim(agent: TestAgent): Promise<Answered> {
		const { signKey: deviceSignKey, sealKey: deviceSealKey } = this.keys;
		const fingerprint = await agentFingerprint(agent.keys.signKey, agent.keys.sealKey);
		const claim = { account: this.accountId, fingerprint, deviceSignKey, deviceSealKey };
		const mac = await makeEnrolmentMac(agent.secrets.secret, claim);
		const body = { code: agent.secrets.code, deviceSignKey, deviceSealKey, deviceLabel: "Laptop", mac };
		const answered = await this.call("POST", "/enrolments/claim", body);
		if (answered.status === 200) this.deviceId = String(answered.json?.["deviceId"]);
		return answered;
	}
	/** An agent that belongs to this account, confirmed. */
	async link(): Promise<TestAgent> {
		const agent = new TestAgent(this.worker, await Keys.make());
		await agent.announce();
		agent.id = String((await this.claim(agent)).json?.["agentId"]);
		await agent.call("/agent/confirm", { device: this.deviceId, accepted: true });
		return agent;
	}
	/** A signed command. */
	command(agent: TestAgent, change: Partial<Command> = {}): Promise<string> {
		this.#counter += 1;
		return signStatement(this.keys.signPrivate, Domain.command, {
			v: 1,
			id: newId(),
			type: "camera.set",
			agent: agent.id,
			camera: newId(),
			device: this.deviceId,
			counter: this.#counter,
			iat: 1,
			...change,
		});
	}
	/** A camera at `agent`; resolves with its id. */
	async addCamera(agent: TestAgent, id = newId()): Promise<string> {
		const command = await this.command(agent, { camera: id, sealed: "c2VhbGVk" });
		const address = { scheme: "rtsp", host: "192.0.2.10", port: 554, path: "/live" };
		const { status, text } = await this.call("POST", "/cameras", {
			id,
			name: "Door",
			agentId: agent.id,
			address,
			command,
		});
		if (status !== 201) throw new Error(`adding a camera answered ${status}: ${text}`);
		return id;
	}
}

/** Tries `check` until it holds or `ms` are over. */
export async function until(check: () => boolean | Promise<boolean>, ms = 5000): Promise<void> {
	const deadline = Date.now() + ms;
	while (!(await check())) {
		if (Date.now() > deadline) throw new Error("it did not happen in time");
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}
