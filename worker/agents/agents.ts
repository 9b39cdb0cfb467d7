import { ENROLMENT_MS } from "@mivisus/wire/enrolment";
import { fromBase64Url, newId, toBase64Url } from "@mivisus/wire/ids";
import { Assertion, Domain, importSignKey, openStatement, peekStatement } from "@mivisus/wire/signed";
import { type Clock, day, endedForGood } from "../clock.ts";
import { Problem } from "../problems.ts";

export interface Agent {
	id: string;
	accountId: string;
	name: string;
	signKey: string;
	sealKey: string;
	state: "claimed" | "active" | "refused";
	lastSeenDay: string | null;
	createdAt: number;
}
export interface Device {
	id: string;
	accountId: string;
	agentId: string;
	label: string;
	signKey: string;
	sealKey: string;
	createdAt: number;
	/** Whether the agent said that it obeys this device. */
	confirmed: boolean;
}
export interface Enrolment {
	codeHash: string;
	name: string;
	signKey: string;
	sealKey: string;
	expiresAt: number;
}
/** What the room asks of the store. */
export interface AgentStore {
	/** Also forgets enrolments that ran out. False when the code is known already. */
	announce(enrolment: Enrolment, now: number): Promise<boolean>;
	findEnrolment(codeHash: string, now: number): Promise<(Enrolment & { agentId: string | null }) | undefined>;
	/** Uses the code up and stores agent and device, in one transaction; false when it was used or has run out. */
	claim(codeHash: string, agent: Agent, device: Device, mac: string, now: number): Promise<boolean>;
	findClaim(codeHash: string, now: number): Promise<{ agent: Agent; device: Device; mac: string } | undefined>;
	/** The agent obeys this device. */
	accept(agentId: string, deviceId: string): Promise<void>;
	/** The agent does not obey this device: it is removed, and an agent that obeys nobody yet counts as refused. */
	refuse(agentId: string, deviceId: string): Promise<void>;
	/** `watched`: the day on which it was last heard may be kept. */
	find(agentId: string): Promise<(Agent & { watched: boolean }) | undefined>;
	list(accountId: string): Promise<Agent[]>;
	devices(accountId: string): Promise<Device[]>;
	touch(agentId: string, day: string): Promise<void>;
	/** Removes the agent with its devices, cameras and commands, and records the revocations. False when it is not theirs. */
	unlink(accountId: string, agentId: string, iat: number): Promise<boolean>;
}

const MAX_AGENTS = 16;
const MAX_DEVICES = 64;
const NONCE_MS = 5 * 60 * 1000;

/** Agents: how they come to an account, and how they prove who they are. */
export class Agents {
	#store: AgentStore;
	#clock: Clock;
	#hash: (data: string | Uint8Array) => string;
	#nonceMac: { make(text: string): string; check(text: string, mark: string): boolean };
	#random: (bytes: number) => Uint8Array;
	/** Assertions used, with when they can be forgotten. */
	#used = new Map<string, number>();
	#useOnce: ((hash: string, expiresAt: number) => Promise<boolean>) | undefined;

	constructor(options: {
		store: AgentStore;
		clock: Clock;
		hash: (data: string | Uint8Array) => string;
		nonceMac: { make(text: string): string; check(text: string, mark: string): boolean };
		random: (bytes: number) => Uint8Array;
		/** Where several processes serve: remembers for all of them; false when it was used before. */
		useOnce?: ((hash: string, expiresAt: number) => Promise<boolean>) | undefined;
	}) {
		this.#store = options.store;
		this.#clock = options.clock;
		this.#hash = options.hash;
		this.#nonceMac = options.nonceMac;
		this.#random = options.random;
		this.#useOnce = options.useOnce;
	}

	/** An agent shows a link. Its code is stored as a hash. */
	async announce(body: {
		code: string;
		name: string;
		signKey: string;
		sealKey: string;
	}): Promise<{ expiresAtMs: number }> {
		const { code, ...agent } = body;
		const now = this.#clock.now();
		const expiresAt = now + ENROLMENT_MS;
		if (!(await this.#store.announce({ codeHash: this.#hash(code), ...agent, expiresAt }, now)))
			throw new Problem("already-exists");
		return { expiresAtMs: expiresAt };
	}
	/** What the browser pins, for a code that is still unused. */
	async lookup(code: string): Promise<{ signKey: string; sealKey: string; name: string }> {
		const found = await this.#store.findEnrolment(this.#hash(code), this.#clock.now());
		if (!found || found.agentId) throw new Problem("code-unusable");
		return { signKey: found.signKey, sealKey: found.sealKey, name: found.name };
	}
	/** The signed-in browser takes the agent into its account. Exactly one claim of a code succeeds. */
	async claim(
		accountId: string,
		body: { code: string; deviceSignKey: string; deviceSealKey: string; deviceLabel: string; mac: string },
	): Promise<{ agentId: string; deviceId: string }> {
		const now = this.#clock.now();
		const codeHash = this.#hash(body.code);
		const enrolment = await this.#store.findEnrolment(codeHash, now);
		if (!enrolment || enrolment.agentId) throw new Problem("code-unusable");
		const { signKey, sealKey } = enrolment;
		const own = await this.#store.list(accountId);
		// A link of an agent that is the account's already: one more browser for it.
		const known = own.find((one) => one.state === "active" && one.signKey === signKey && one.sealKey === sealKey);
		if (!known && own.length >= MAX_AGENTS)
			throw new Problem("too-many", `An account has at most ${MAX_AGENTS} agents.`);
		if ((await this.#store.devices(accountId)).length >= MAX_DEVICES)
			throw new Problem("too-many", `An account has at most ${MAX_DEVICES} browsers that link agents.`);
		const agent: Agent = known ?? {
			id: newId(),
			accountId,
			name: enrolment.name,
			signKey,
			sealKey,
			state: "claimed",
			lastSeenDay: null,
			createdAt: now,
		};
		const device: Device = {
			id: newId(),
			accountId,
			agentId: agent.id,
			label: body.deviceLabel,
			signKey: body.deviceSignKey,
			sealKey: body.deviceSealKey,
			createdAt: now,
			confirmed: false,
		};
		if (!(await this.#store.claim(codeHash, agent, device, body.mac, now))) throw new Problem("code-unusable");
		return { agentId: agent.id, deviceId: device.id };
	}
	/** The agent asks whether its link was used. */
	async poll(code: string) {
		const codeHash = this.#hash(code);
		const claim = await this.#store.findClaim(codeHash, this.#clock.now());
		if (claim) {
			const { agent, device, mac } = claim;
			const { id, signKey, sealKey, label } = device;
			return {
				state: "claimed" as const,
				agentId: agent.id,
				accountId: agent.accountId,
				device: { id, signKey, sealKey, label },
				mac,
			};
		}
		const waiting = await this.#store.findEnrolment(codeHash, this.#clock.now());
		if (!waiting) throw new Problem("code-unusable");
		return { state: "waiting" as const };
	}
	/** The agent's word on a device's claim: only its own check of the MAC makes the link real. */
	async confirm(agent: Agent, device: string, accepted: boolean): Promise<void> {
		await (accepted ? this.#store.accept(agent.id, device) : this.#store.refuse(agent.id, device));
	}
	list(accountId: string): Promise<Agent[]> {
		return this.#store.list(accountId);
	}
	devices(accountId: string): Promise<Device[]> {
		return this.#store.devices(accountId);
	}
	async unlink(accountId: string, agentId: string): Promise<void> {
		if (!(await this.#store.unlink(accountId, agentId, endedForGood(this.#clock)))) throw new Problem("not-found");
	}

	/** A fresh nonce; it carries its own expiry, so nothing is stored. */
	nonce(): string {
		const text = `${this.#clock.now() + NONCE_MS}.${toBase64Url(this.#random(12))}`;
		return `${text}.${this.#nonceMac.make(text)}`;
	}
	#nonceHolds(nonce: string): boolean {
		const [expiry = "", salt = "", mark = "", ...rest] = nonce.split(".");
		return rest.length === 0 && this.#nonceMac.check(`${expiry}.${salt}`, mark) && Number(expiry) > this.#clock.now();
	}
	/**
	 * The agent that signed this request, or a Problem. The assertion binds origin, method, path and body, lives as long as
	 * its nonce and works once.
	 */
	async authenticate(
		statement: string,
		request: { origin: string; method: string; path: string; body: string },
	): Promise<Agent> {
		const claimed = peekStatement(Assertion, statement);
		if (!claimed.ok) throw new Problem("bad-assertion");
		if (!this.#nonceHolds(claimed.value.nonce)) throw new Problem("nonce-required");
		const agent = await this.#store.find(claimed.value.agent);
		if (!agent) throw new Problem("agent-unlinked");
		const opened = await openStatement(
			await importSignKey(fromBase64Url(agent.signKey)),
			Domain.assertion,
			Assertion,
			statement,
		);
		if (!opened.ok) throw new Problem("bad-assertion");
		const { aud, method, path, bodySha256, jti } = opened.value;
		const bound =
			aud === request.origin &&
			method === request.method &&
			path === request.path &&
			bodySha256 === this.#hash(request.body);
		if (!bound) throw new Problem("bad-assertion");
		const now = this.#clock.now();
		// In order of age: looking at all of them at each call would let one busy agent slow down everybody.
		for (const [used, until] of this.#used) {
			if (until > now) break;
			this.#used.delete(used);
		}
		const mark = `${agent.id}.${jti}`;
		if (this.#used.has(mark)) throw new Problem("bad-assertion");
		this.#used.set(mark, now + NONCE_MS);
		if (this.#useOnce && !(await this.#useOnce(this.#hash(mark), now + NONCE_MS))) throw new Problem("bad-assertion");
		if (agent.watched && agent.lastSeenDay !== day(now)) await this.#store.touch(agent.id, day(now));
		return agent;
	}
}
