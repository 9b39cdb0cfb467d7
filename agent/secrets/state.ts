import { StreamAddress } from "@mivisus/wire/signed";
import { z } from "zod";
import { MAX_CAMERAS } from "../limits.ts";
import { Privacy } from "../privacy.ts";
import { keyStores } from "./keys/platform.ts";
import { StateVault } from "./vault.ts";

const key = z.base64url().min(1).max(400);
const id = z.string().regex(/^[A-Za-z0-9_-]{22}$/);

/** Browsers that one agent obeys. */
export const MAX_DEVICES = 32;

/** A device of the owner whose signed commands this agent obeys. */
export const Device = z.object({
	id,
	/** Raw Ed25519 and X25519 public keys, base64url. */
	signKey: key,
	sealKey: key,
	label: z.string().max(80),
	/** Highest counter seen from this device; a command at or below it is a replay. */
	counter: z.number().int().nonnegative(),
	/** Id of the last command carried out whose outcome the service has not taken yet: it will come once more. */
	unacknowledged: id.optional(),
});
export type Device = z.infer<typeof Device>;

/** A sealed address with user and password, as text. */
export const MAX_SEALED = 8192;
/** A camera as the owner sent it: still sealed, opened in memory only. */
export const StoredCamera = z.object({
	id,
	sealed: z.base64url().max(MAX_SEALED),
	sound: z.boolean(),
	/** Its sessions stay open while nobody looks, so that the first picture comes at once. */
	ready: z.boolean().optional(),
	/** As its owner calls it; what the service last said, or what was typed here. */
	name: z.string().max(80).optional(),
	/** Absent: always on. */
	privacy: Privacy.optional(),
	/** Added here, and the service has not taken it yet: the address that it may show, without user and password. */
	unannounced: StreamAddress.optional(),
});
export type StoredCamera = z.infer<typeof StoredCamera>;

/** Everything the agent keeps. */
export const AgentState = z.object({
	v: z.literal(1),
	/** PKCS#8 private keys, base64url, and their raw public halves. */
	identity: z.object({ signPrivate: key, signPublic: key, sealPrivate: key, sealPublic: key }),
	enrolment: z
		.object({
			agentId: id,
			accountId: id,
			devices: z.array(Device).max(MAX_DEVICES),
			/** The service said that the owner unlinked this agent; for `status` only, the service may take it back. */
			ended: z.boolean().optional(),
		})
		.optional(),
	cameras: z.array(StoredCamera).max(MAX_CAMERAS),
	/** Switches of cameras that were removed: one that comes back is as private as it was. */
	removed: z
		.array(z.object({ id, privacy: Privacy }))
		.max(MAX_CAMERAS)
		.optional(),
});
export type AgentState = z.infer<typeof AgentState>;

/** The agent's state, read once, and written sealed at each change before anything acts on the change. */
export class StateStore {
	#vault: StateVault<AgentState>;
	#state: AgentState;

	private constructor(vault: StateVault<AgentState>, state: AgentState) {
		this.#vault = vault;
		this.#state = state;
	}
	/** Opens `<home>/state.json`; `create` makes the first state of a new agent. `stores`: where its key may be, best first. */
	static async open(home: string, create: () => Promise<AgentState>, stores = keyStores(home)): Promise<StateStore> {
		const vault = new StateVault(home, AgentState, stores);
		let state = vault.read();
		if (!state) {
			state = await create();
			vault.write(state);
		}
		return new StateStore(vault, state);
	}
	/** What `<home>/state.json` holds, for who only looks; `undefined` where there is none. */
	static peek(home: string, stores = keyStores(home)): AgentState | undefined {
		return new StateVault(home, AgentState, stores).peek();
	}
	get current(): AgentState {
		return this.#state;
	}
	/** Stores `next` durably, then makes it current. */
	save(next: AgentState): void {
		this.#vault.write(next);
		this.#state = next;
	}
}
