import { createHash } from "node:crypto";
import type { Client } from "@libsql/client";
import { newId } from "@mivisus/wire/ids";
import { Keys, TestAgent, TestPage } from "../../worker/http/testing/parties.ts";
import { type Answered, cookieOf, PASSWORD, type TestWorker } from "../../worker/http/testing/server.ts";

/** All that the database holds of one account, as far as these people change it: a name, and what is said of it. */
export type State = Readonly<Record<string, string>>;
/** One request, and what stands there once it is done. */
interface Deed {
	what: string;
	send(): Promise<Answered>;
	/** The state afterwards; `now` tells what only the service knew, such as new ids: a state that was read, or its answer. */
	after(now: State | Answered): State;
	/** The answer that keeps the promise, where it is a refusal. */
	refusal?: number;
	/** Runs once it was acknowledged. */
	acknowledged?(answer: Answered): void;
}
/** A little less than the ten minutes for which a password proves who it is. */
const PROOF_MS = 8 * 60_000;
const hash = (text: string) => createHash("sha256").update(text).digest("base64url");
const jtiHash = (cookie: string) =>
	hash(JSON.parse(Buffer.from(cookie.split(".")[1] ?? "", "base64url").toString()).jti);
const isAnswer = (now: State | Answered): now is Answered => "status" in now && "headers" in now;

/** What the database says of `accountId`. */
export async function stateOf(client: Client, accountId: string): Promise<State> {
	const { rows } = await client.execute({
		sql: `SELECT 'name' AS name, full_name AS said FROM accounts WHERE id = :id
			UNION ALL SELECT 'account', state FROM accounts WHERE id = :id
			UNION ALL SELECT 'session ' || jti_hash, 'alive' FROM sessions WHERE account_id = :id
			UNION ALL SELECT 'camera ' || id, name || ', ' || host || ', sound ' || sound || ', at ' || agent_id FROM cameras WHERE account_id = :id
			UNION ALL SELECT 'command ' || id, state || ' for ' || camera_id || ' at ' || agent_id FROM commands WHERE account_id = :id
			UNION ALL SELECT 'agent ' || id, state FROM agents WHERE account_id = :id
			UNION ALL SELECT 'device ' || id, confirmed || ' at ' || agent_id FROM devices WHERE account_id = :id
			UNION ALL SELECT 'objection', 'stands' FROM objections WHERE account_id = :id
			UNION ALL SELECT 'directives', words FROM directives WHERE account_id = :id
			UNION ALL SELECT 'requests: ' || kind, CAST(count(*) AS TEXT) FROM requests WHERE account_id = :id GROUP BY kind`,
		args: { id: accountId },
	});
	return Object.fromEntries(rows.map((row) => [String(row["name"]), String(row["said"])]));
}

/** One person with cameras and an agent, who does one thing after another and remembers what was promised. */
export class Someone {
	readonly page: TestPage;
	readonly email: string;
	/** What must be there. */
	state: State;
	/** What was sent and not answered. */
	open: Deed | undefined;
	/** Addresses whose sign-up was accepted: each must get its mail. */
	readonly signedUp: string[] = [];
	/** Revocations that must be there. */
	readonly revoked: string[] = [];
	/** Acknowledged requests. */
	done = 0;
	/** How often it came back. */
	returns = 0;
	#worker: TestWorker;
	#random: () => number;
	#agents: TestAgent[];
	#cookies: string[] = [];
	/** The newest session that began with a password, which is proof enough to leave for some minutes. */
	#proved: { cookie: string; atMs: number } | undefined;
	/** How many mails there were when it left last. */
	#mailsBefore = 0;
	#sound = new Map<string, { camera: string; on: boolean }>();
	private constructor(
		worker: TestWorker,
		page: TestPage,
		email: string,
		agent: TestAgent,
		state: State,
		random: () => number,
	) {
		this.#worker = worker;
		this.page = page;
		this.email = email;
		this.#agents = [agent];
		this.state = state;
		this.#random = random;
	}
	static async arrive(worker: TestWorker, email: string, random: () => number, client: () => Client): Promise<Someone> {
		const page = await TestPage.open(worker, email);
		const agent = await page.link();
		await page.addCamera(agent);
		const reading = client();
		const state = await stateOf(reading, page.accountId);
		reading.close();
		return new Someone(worker, page, email, agent, state, random);
	}
	/** Does one thing more; throws when the service is gone. */
	async act(): Promise<void> {
		const deed = await this.#choose();
		this.open = deed;
		const answer = await deed.send();
		if (deed.refusal ? answer.status !== deed.refusal : answer.status >= 400)
			throw new Refused(`${deed.what} was answered ${answer.status}: ${answer.text}`);
		this.state = deed.after(answer);
		this.open = undefined;
		this.done += 1;
		deed.acknowledged?.(answer);
	}
	/** After a crash: what is wrong with `there`, or takes over what became of the request that was open. */
	reconcile(there: State): string | undefined {
		const same = (state: State) => difference(state, there).length === 0;
		const deed = this.open;
		this.open = undefined;
		if (same(this.state)) return undefined;
		if (deed && same(deed.after(there))) {
			this.state = there;
			this.#forgetWhatIsGone();
			return undefined;
		}
		return `${deed ? `with "${deed.what}" open` : "with nothing open"}: ${difference(this.state, there).join("; ")}`;
	}
	/** Sessions that must open the account. */
	get cookies(): readonly string[] {
		return [this.page.cookie, ...this.#cookies].filter((cookie) => this.#alive(cookie));
	}
	#alive(cookie: string): boolean {
		return `session ${jtiHash(cookie)}` in this.state;
	}
	#forgetWhatIsGone(): void {
		this.#cookies = this.#cookies.filter((cookie) => this.#alive(cookie));
		this.#agents = this.#agents.filter(({ id }) => `agent ${id}` in this.state);
	}
	#pick<T>(from: readonly T[]): T | undefined {
		return from[Math.floor(this.#random() * from.length)];
	}
	#with(change: Record<string, string | undefined>, from: State = this.state): State {
		const next: Record<string, string> = { ...from };
		for (const [name, said] of Object.entries(change)) {
			if (said === undefined) delete next[name];
			else next[name] = said;
		}
		return next;
	}
	/** Ids of what is there of a kind, and of which it is said. */
	#ids(kind: string, said = ""): string[] {
		return Object.entries(this.state).flatMap(([name, value]) =>
			name.startsWith(`${kind} `) && value.includes(said) ? [name.slice(kind.length + 1)] : [],
		);
	}
	/** Everything of which it is said goes. */
	#without(said: string): Record<string, undefined> {
		const names = Object.entries(this.state).flatMap(([name, value]) => (value.includes(said) ? [name] : []));
		return Object.fromEntries(names.map((name) => [name, undefined]));
	}
	/** What is in `now` and was not. */
	#fresh(now: State, kind: string): string {
		return Object.keys(now).find((name) => name.startsWith(`${kind} `) && !(name in this.state)) ?? "";
	}
	async #choose(): Promise<Deed> {
		if (this.state["account"] === "leaving") return this.#comeBack();
		if (!this.#alive(this.page.cookie)) return this.#signIn();
		const dice = this.#random();
		const camera = this.#pick(this.#ids("camera"));
		const agent = this.#agents[0]!;
		if (camera === undefined || dice < 0.15) return this.#add(agent);
		if (dice < 0.4) return this.#rename(camera);
		if (dice < 0.5) return this.#order(agent, camera);
		if (dice < 0.68) return this.#obey(agent, camera);
		if (dice < 0.78) return this.#remove(agent, camera);
		if (dice < 0.84) return this.#move(agent, camera);
		if (dice < 0.87) return this.#correct();
		if (dice < 0.875) return this.#object();
		if (dice < 0.88) return this.#direct();
		if (dice < 0.9) return this.#signIn();
		if (dice < 0.92) return this.#signOut();
		if (dice < 0.94) return this.#leave();
		if (dice < 0.97) return this.#enrol();
		if (dice < 0.985) return this.#unlink();
		return this.#signUp();
	}
	async #add(agent: TestAgent): Promise<Deed> {
		if (this.#ids("camera").length > 30) return this.#correct();
		const [id, order] = [newId(), newId()];
		const command = await this.page.command(agent, { id: order, camera: id, sealed: "c2VhbGVk" });
		const address = { scheme: "rtsp", host: "192.0.2.10", port: 554, path: "/live" };
		return {
			what: "add a camera",
			send: () => this.page.call("POST", "/cameras", { id, name: "Door", agentId: agent.id, address, command }),
			after: () =>
				this.#with({
					[`camera ${id}`]: `Door, 192.0.2.10, sound 0, at ${agent.id}`,
					[`command ${order}`]: `waiting for ${id} at ${agent.id}`,
				}),
		};
	}
	async #rename(id: string): Promise<Deed> {
		const name = `Door ${newId()}`;
		const [, ...rest] = this.state[`camera ${id}`]?.split(", ") ?? [];
		return {
			what: "rename a camera",
			send: () => this.page.call("PATCH", `/cameras/${id}`, { name }),
			after: () => this.#with({ [`camera ${id}`]: [name, ...rest].join(", ") }),
		};
	}
	async #move(agent: TestAgent, id: string): Promise<Deed> {
		const order = newId();
		const command = await this.page.command(agent, { id: order, camera: id, sealed: "c2VhbGVk" });
		const host = `192.0.2.${Math.floor(this.#random() * 250)}`;
		const [name, , ...rest] = this.state[`camera ${id}`]?.split(", ") ?? [];
		return {
			what: "change a camera's address",
			send: () =>
				this.page.call("PATCH", `/cameras/${id}`, {
					address: { scheme: "rtsp", host, port: 554, path: "/" },
					command,
				}),
			after: () =>
				this.#with({
					[`camera ${id}`]: [name, host, ...rest].join(", "),
					[`command ${order}`]: `waiting for ${id} at ${agent.id}`,
				}),
		};
	}
	async #order(agent: TestAgent, camera: string): Promise<Deed> {
		const [id, on] = [newId(), this.#random() < 0.5];
		const command = await this.page.command(agent, { id, camera, type: "camera.sound", on });
		return {
			what: "order sound",
			send: () => this.page.call("POST", "/commands", { command }),
			after: () => this.#with({ [`command ${id}`]: `waiting for ${camera} at ${agent.id}` }),
			acknowledged: () => this.#sound.set(id, { camera, on }),
		};
	}
	/** The agent says that it did what it was told: the order is done and the sound shown, both or neither. */
	async #obey(agent: TestAgent, camera: string): Promise<Deed> {
		const id = this.#pick(this.#ids("command", "waiting ").filter((each) => this.#sound.has(each)));
		if (id === undefined) return this.#order(agent, camera);
		const told = this.#sound.get(id)!;
		const shown = this.state[`camera ${told.camera}`]?.replace(/sound \d/, `sound ${told.on ? 1 : 0}`);
		return {
			what: "obey",
			send: () => agent.call("/agent/acks", { id, state: "done" }),
			after: () =>
				this.#with({
					[`command ${id}`]: `done for ${told.camera} at ${agent.id}`,
					...(shown !== undefined && { [`camera ${told.camera}`]: shown }),
				}),
		};
	}
	async #remove(agent: TestAgent, id: string): Promise<Deed> {
		const order = newId();
		const command = await this.page.command(agent, { id: order, camera: id, type: "camera.remove" });
		return {
			what: "remove a camera",
			send: () => this.page.call("DELETE", `/cameras/${id}`, { command }),
			// Its orders go with it.
			after: () =>
				this.#with({
					...this.#without(` for ${id} `),
					[`camera ${id}`]: undefined,
					[`command ${order}`]: `waiting for ${id} at ${agent.id}`,
				}),
			acknowledged: () => this.revoked.push(`camera:${id}`),
		};
	}
	async #correct(): Promise<Deed> {
		const fullName = `Ada ${newId()}`;
		return {
			what: "correct the name",
			send: () => this.page.call("PATCH", "/account", { fullName }),
			after: () => this.#with({ name: fullName }),
		};
	}
	/** One request of a kind more: a right and its record stand together or not at all. */
	#recorded(kind: string): Record<string, string> {
		const name = `requests: ${kind}`;
		return { [name]: String(Number(this.state[name] ?? 0) + 1) };
	}
	async #object(): Promise<Deed> {
		if (this.state["objection"])
			return {
				what: "take an objection back",
				send: () => this.page.call("DELETE", "/objections/reliability"),
				after: () => this.#with({ objection: undefined }),
			};
		return {
			what: "object",
			send: () => this.page.call("POST", "/objections", { purpose: "reliability" }),
			after: () => this.#with({ objection: "stands", ...this.#recorded("objection") }),
		};
	}
	async #direct(): Promise<Deed> {
		const words = `Erase all, ${newId()}`;
		return {
			what: "record directives",
			send: () => this.page.call("POST", "/directives", { words }),
			after: () => this.#with({ directives: words, ...this.#recorded("directives") }),
		};
	}
	async #signIn(): Promise<Deed> {
		if (this.#cookies.length > 5) return this.#signOut();
		const body = { email: this.email, password: PASSWORD, label: "Firefox, Linux" };
		return {
			what: "sign in",
			send: () => this.#worker.call("POST", "/session", { body }),
			after: (now) =>
				this.#with({
					[isAnswer(now) ? `session ${jtiHash(cookieOf(now.headers))}` : this.#fresh(now, "session")]: "alive",
				}),
			acknowledged: ({ headers }) => {
				const cookie = cookieOf(headers);
				if (this.#alive(this.page.cookie)) this.#cookies.push(cookie);
				else this.page.cookie = cookie;
				this.#proved = { cookie, atMs: Date.now() };
			},
		};
	}
	/** Leaves: every session ends, what it has stays for the week. */
	async #leave(): Promise<Deed> {
		const { cookie, atMs } = this.#proved ?? { cookie: this.page.cookie, atMs: 0 };
		if (!this.#alive(cookie) || atMs < Date.now() - PROOF_MS) return this.#signIn();
		this.#mailsBefore = this.#worker.mailbox.mails.length;
		const sessions = Object.fromEntries(this.#ids("session").map((id) => [`session ${id}`, undefined]));
		return {
			what: "leave",
			send: () => this.#worker.call("DELETE", "/account", { cookie }),
			after: () => this.#with({ ...sessions, account: "leaving", ...this.#recorded("erasure") }),
			acknowledged: () => {
				this.revoked.push(`account:${this.page.accountId}`);
				this.#forgetWhatIsGone();
			},
		};
	}
	/** Takes the leaving back once the mail with the link is there; until then nothing opens the account. */
	async #comeBack(): Promise<Deed> {
		const { mailbox } = this.#worker;
		const toMe = mailbox.mails
			.slice(this.#mailsBefore)
			.some(({ to, text }) => to === this.email && text.includes("/undo"));
		if (!toMe)
			return {
				what: "knock while leaving",
				send: () => this.#worker.call("GET", "/session", { cookie: this.page.cookie }),
				after: () => this.state,
				refusal: 401,
			};
		const token = await this.#worker.mailed(this.email, "/undo", this.#mailsBefore);
		return {
			what: "come back",
			send: () => this.#worker.call("POST", "/account/undo", { body: { token } }),
			after: () => this.#with({ account: "active" }),
			acknowledged: () => {
				this.returns += 1;
			},
		};
	}
	async #signOut(): Promise<Deed> {
		const cookie = this.#pick(this.#cookies);
		if (cookie === undefined) return this.#signIn();
		const { json, status, text } = await this.#worker.call("GET", "/sessions", { cookie });
		if (status !== 200) throw new Refused(`the sessions were answered ${status}: ${text}`);
		const { sessions } = json as { sessions: { id: string; current: boolean }[] };
		const id = sessions.find(({ current }) => current)?.id;
		return {
			what: "sign out",
			send: () => this.#worker.call("DELETE", "/session", { cookie }),
			after: () => this.#with({ [`session ${jtiHash(cookie)}`]: undefined }),
			acknowledged: () => {
				this.revoked.push(`session:${id}`);
				this.#forgetWhatIsGone();
			},
		};
	}
	/** One more agent, up to the browser's claim; who is claimed already is confirmed. */
	async #enrol(): Promise<Deed> {
		const waiting = this.#agents.find(({ id }) => this.state[`agent ${id}`] === "claimed");
		const device = waiting && this.#ids("device", `0 at ${waiting.id}`)[0];
		if (waiting && device !== undefined) {
			return {
				what: "confirm",
				send: () => waiting.call("/agent/confirm", { device, accepted: true }),
				after: () => this.#with({ [`agent ${waiting.id}`]: "active", [`device ${device}`]: `1 at ${waiting.id}` }),
			};
		}
		if (this.#ids("agent").length > 6) return this.#unlink();
		const agent = new TestAgent(this.#worker, await Keys.make());
		await agent.announce();
		const deviceId = this.page.deviceId;
		return {
			what: "claim an agent",
			send: async () => {
				const answer = await this.page.claim(agent);
				// The browser goes on signing as the device that its first agent knows.
				this.page.deviceId = deviceId;
				return answer;
			},
			after: (now) => {
				const { agentId, deviceId: made } = (isAnswer(now) ? now.json : undefined) ?? {};
				const id = isAnswer(now) ? String(agentId) : this.#fresh(now, "agent").slice("agent ".length);
				const device = isAnswer(now) ? `device ${made}` : this.#fresh(now, "device");
				return this.#with({ [`agent ${id}`]: "claimed", [device]: `0 at ${id}` });
			},
			acknowledged: ({ json }) => {
				agent.id = String(json?.["agentId"]);
				this.#agents.push(agent);
			},
		};
	}
	async #unlink(): Promise<Deed> {
		const first = this.#agents[0]?.id;
		const id = this.#pick(this.#ids("agent").filter((each) => each !== first));
		if (id === undefined) return this.#correct();
		return {
			what: "unlink an agent",
			send: () => this.page.call("DELETE", `/agents/${id}`),
			after: () => this.#with({ ...this.#without(` at ${id}`), [`agent ${id}`]: undefined }),
			acknowledged: () => {
				this.revoked.push(`agent:${id}`);
				this.#forgetWhatIsGone();
			},
		};
	}
	async #signUp(): Promise<Deed> {
		const email = `${newId().toLowerCase()}@example.test`;
		return {
			what: "sign up",
			send: () => this.#worker.signUp(email),
			after: () => this.state,
			acknowledged: () => this.signedUp.push(email),
		};
	}
}
/** An answer that is none of a healthy service. */
export class Refused extends Error {}

function difference(wanted: State, there: State): string[] {
	return [...new Set([...Object.keys(wanted), ...Object.keys(there)])]
		.filter((name) => wanted[name] !== there[name])
		.map((name) => `${name} is ${there[name] ?? "gone"}, must be ${wanted[name] ?? "gone"}`);
}
