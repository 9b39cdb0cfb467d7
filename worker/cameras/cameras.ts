import { Command, peekStatement } from "@mivisus/wire/signed";
import { type Clock, endedForGood } from "../clock.ts";
import { Problem } from "../problems.ts";

/** Name and address for display; user and password never come here (policy 02.3). */
export interface Camera {
	id: string;
	accountId: string;
	agentId: string;
	name: string;
	scheme: "rtsp" | "rtsps";
	host: string;
	port: number;
	path: string;
	/** What the agent last said that it does. */
	sound: boolean;
	createdAt: number;
}
export type CameraAddress = Pick<Camera, "scheme" | "host" | "port" | "path">;
export interface CarriedCommand {
	id: string;
	accountId: string;
	agentId: string;
	cameraId: string;
	statement: string;
	state: "waiting" | "done" | "refused";
	code: string | null;
	detail: string | null;
	createdAt: number;
}
/** What the room asks of the store. Each change bumps the account's revision in the same transaction. */
export interface CameraStore {
	list(accountId: string): Promise<Camera[]>;
	find(accountId: string, id: string): Promise<Camera | undefined>;
	/** Stores the camera, with the order that made it where one did; false when the id is taken. */
	insert(camera: Camera, command: CarriedCommand | undefined): Promise<boolean>;
	rename(accountId: string, id: string, name: string): Promise<boolean>;
	/** Shows another address for a camera of the command's agent and stores the command; false when there is none. */
	readdress(address: CameraAddress, command: CarriedCommand): Promise<boolean>;
	/** Deletes the camera and its waiting commands, stores `command` if given, records the revocation. */
	remove(accountId: string, id: string, command: CarriedCommand | undefined, iat: number): Promise<boolean>;
	carry(command: CarriedCommand): Promise<boolean>;
	findCommand(accountId: string, id: string): Promise<CarriedCommand | undefined>;
	/**
	 * Stores the agent's answer to a waiting command, and what `soundOf` finds in that for its camera, both or neither. False
	 * when no such command waits.
	 */
	acknowledge(
		agentId: string,
		id: string,
		answer: { state: "done" | "refused"; code: string | null; detail: string | null },
		soundOf: (command: CarriedCommand) => boolean | undefined,
	): Promise<boolean>;
	/** For an agent: its cameras and waiting commands, and the account's revision. */
	/**
	 * Stores changes of streams of the agent's own cameras, unless the account is restricted, its person objected, or it has
	 * `max` of them after `since`.
	 */
	streamed(
		accountId: string,
		agentId: string,
		events: readonly StreamEvent[],
		limit: { since: number; max: number },
	): Promise<void>;
	agentView(
		accountId: string,
		agentId: string,
	): Promise<{
		revision: number;
		cameras: { id: string; name: string }[];
		commands: { id: string; command: string }[];
	}>;
	ownsAgent(accountId: string, agentId: string): Promise<boolean>;
	countCommands(agentId: string): Promise<number>;
}

/** What a camera's stream did (policy 02.4): pictures flow; nobody watches; it does not answer; it refuses. */
export interface StreamEvent {
	camera: string;
	/** ms since 1970. */
	at: number;
	status: "live" | "idle" | "lost" | "refused";
}
/** Policy 02.4: kept so long. */
export const STREAM_EVENT_MS = 30 * 86_400_000;
/** Of one account in 24 hours: a camera that comes and goes each second is known by then, and fills no disk. */
export const MAX_STREAM_EVENTS = 5000;
const MAX_CAMERAS = 64;
/** Orders to one agent that are kept; they go after 30 days (housekeeping). */
export const MAX_COMMANDS = 500;

/** Cameras of an account, and the signed commands it has carried. The worker reads commands; it can make none. */
export class Cameras {
	#store: CameraStore;
	#clock: Clock;
	#changed: (accountId: string) => void;
	constructor(store: CameraStore, clock: Clock, changed: (accountId: string) => void) {
		this.#store = store;
		this.#clock = clock;
		this.#changed = changed;
	}
	list(accountId: string): Promise<Camera[]> {
		return this.#store.list(accountId);
	}
	async create(
		accountId: string,
		body: Omit<Camera, "accountId" | "createdAt" | "sound"> & { command: string },
	): Promise<Camera> {
		const { command: statement, ...fields } = body;
		if (!(await this.#store.ownsAgent(accountId, fields.agentId)))
			throw new Problem("not-found", "There is no such agent.");
		const command = this.#readSet(accountId, statement, fields);
		await this.#hasRoom(command);
		return this.#insert({ ...fields, accountId }, command);
	}
	/** A camera that the agent of `agent` was given on its own page: it has the access, and says what may be shown. */
	adopt(
		agent: { id: string; accountId: string },
		fields: CameraAddress & Pick<Camera, "id" | "name">,
	): Promise<Camera> {
		return this.#insert({ ...fields, agentId: agent.id, accountId: agent.accountId }, undefined);
	}
	async #insert(fields: Omit<Camera, "createdAt" | "sound">, command: CarriedCommand | undefined): Promise<Camera> {
		const { accountId } = fields;
		if ((await this.#store.list(accountId)).length >= MAX_CAMERAS)
			throw new Problem("too-many", `An account has at most ${MAX_CAMERAS} cameras.`);
		const camera: Camera = { ...fields, sound: false, createdAt: this.#clock.now() };
		if (!(await this.#store.insert(camera, command))) throw new Problem("already-exists");
		this.#changed(accountId);
		return camera;
	}
	async rename(accountId: string, id: string, name: string): Promise<void> {
		if (!(await this.#store.rename(accountId, id, name))) throw new Problem("not-found");
	}
	/** The agent keeps asking at the old address until it opened the command: what is shown here is the owner's wish. */
	async readdress(accountId: string, id: string, address: CameraAddress, statement: string): Promise<void> {
		const camera = await this.#store.find(accountId, id);
		if (!camera) throw new Problem("not-found");
		const command = this.#readSet(accountId, statement, camera);
		await this.#hasRoom(command);
		if (!(await this.#store.readdress(address, command))) throw new Problem("not-found");
		this.#changed(accountId);
	}
	/** Without a command (a browser that is not enrolled) the camera is no longer published; the agent keeps its address. */
	async remove(accountId: string, id: string, statement: string | undefined): Promise<void> {
		const command = statement === undefined ? undefined : this.#read(accountId, statement);
		if (command && command.cameraId !== id) throw new Problem("malformed", "The command is for another camera.");
		if (command && !(await this.#store.ownsAgent(accountId, command.agentId))) throw new Problem("not-found");
		if (!(await this.#store.remove(accountId, id, command, endedForGood(this.#clock)))) throw new Problem("not-found");
		this.#changed(accountId);
	}
	async carry(accountId: string, statement: string): Promise<string> {
		const command = this.#read(accountId, statement);
		if (!(await this.#store.ownsAgent(accountId, command.agentId)))
			throw new Problem("not-found", "There is no such agent.");
		await this.#hasRoom(command);
		if (!(await this.#store.carry(command))) throw new Problem("already-exists");
		this.#changed(accountId);
		return command.id;
	}
	async command(accountId: string, id: string): Promise<CarriedCommand> {
		const found = await this.#store.findCommand(accountId, id);
		if (!found) throw new Problem("not-found");
		return found;
	}
	/** The agent answers a command. What it did to the sound is shown from then on. */
	async acknowledge(
		agent: { id: string; accountId: string },
		body: { id: string; state: "done" | "refused"; code?: string | undefined; detail?: string | undefined },
	): Promise<void> {
		const answer = { state: body.state, code: body.code ?? null, detail: body.detail ?? null };
		const soundOf = ({ statement }: CarriedCommand) => {
			const read = peekStatement(Command, statement);
			return body.state === "done" && read.ok && read.value.type === "camera.sound" ? read.value.on : undefined;
		};
		if (!(await this.#store.acknowledge(agent.id, body.id, answer, soundOf))) throw new Problem("not-found");
	}
	/** What streams did. A clock that is ahead is not believed; what is older than it is kept is not taken. */
	async streamed(
		agent: { id: string; accountId: string },
		events: readonly { camera: string; atMs: number; status: StreamEvent["status"] }[],
	): Promise<void> {
		const now = this.#clock.now();
		const kept = events
			.filter(({ atMs }) => atMs > now - STREAM_EVENT_MS)
			.map(({ camera, atMs, status }) => ({ camera, at: Math.min(atMs, now), status }));
		const limit = { since: now - 86_400_000, max: MAX_STREAM_EVENTS };
		if (kept.length > 0) await this.#store.streamed(agent.accountId, agent.id, kept, limit);
	}
	agentView(agent: { id: string; accountId: string }) {
		return this.#store.agentView(agent.accountId, agent.id);
	}
	/** Taking a camera away is not asked: it must always work, and each one came with an order that was. */
	async #hasRoom({ agentId }: CarriedCommand): Promise<void> {
		if ((await this.#store.countCommands(agentId)) >= MAX_COMMANDS)
			throw new Problem("too-many", `An agent takes at most ${MAX_COMMANDS} orders in 30 days.`);
	}
	/** An order that gives `camera`, and no other, its address. */
	#readSet(accountId: string, statement: string, camera: Pick<Camera, "id" | "agentId">): CarriedCommand {
		const { type, ...command } = this.#read(accountId, statement);
		if (type !== "camera.set" || command.agentId !== camera.agentId || command.cameraId !== camera.id)
			throw new Problem("malformed", "The command is for another camera or agent, or is no address.");
		return command;
	}
	#read(accountId: string, statement: string): CarriedCommand & Pick<Command, "type"> {
		const read = peekStatement(Command, statement);
		if (!read.ok) throw new Problem("malformed", "The command is not a signed statement of this version.");
		const { id, type, agent, camera } = read.value;
		return {
			id,
			type,
			accountId,
			agentId: agent,
			cameraId: camera,
			statement,
			state: "waiting",
			code: null,
			detail: null,
			createdAt: this.#clock.now(),
		};
	}
}
