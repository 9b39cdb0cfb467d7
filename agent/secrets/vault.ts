import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { PrivateFile } from "./file.ts";
import { KEY_BYTES, KeyError, type KeyStore } from "./keys/store.ts";
import { markOf, openState, SealedState, sealState } from "./seal.ts";

/** Words for where a key is. */
const PLACES: Record<KeyStore["name"], string> = {
	file: "the file state.key beside it",
	systemd: "the credential mivisus-agent-key that systemd hands to the service",
	keychain: "the login keychain of the person who linked the agent",
	dpapi: "the file state.key.sealed beside it, which Windows opens for the account that linked the agent",
};
const ANEW = "Without it nobody can read the file. To start anew, move the file away; the agent then shows a new link.";

/** Which fields are wrong; their values are secret. */
const fieldsOf = (error: z.ZodError) => error.issues.map(({ path }) => path.join(".") || "(root)").join(", ");

interface Sealing {
	store: KeyStore;
	key: Buffer;
}

/**
 * The agent's state in `<home>/state.json`, sealed (AES-256-GCM) under a key that the best store of the machine keeps. A
 * state that lies open, or under a key in a worse store, is sealed anew when it is opened: first the key is kept, then the
 * file replaced whole, then the old key forgotten, so that a crash at any point loses nothing.
 */
export class StateVault<T extends { v: 1 }> {
	#file: PrivateFile<T | SealedState>;
	#schema: z.ZodType<T>;
	#stores: readonly KeyStore[];
	#sealing: Sealing | undefined;

	/** `schema`: of the open state, which must be an object with `v`. */
	constructor(home: string, schema: z.ZodObject & z.ZodType<T>, stores: readonly KeyStore[]) {
		const both = z.discriminatedUnion("v", [schema, SealedState]) as unknown as z.ZodType<T | SealedState>;
		this.#file = new PrivateFile(join(home, "state.json"), both);
		this.#schema = schema;
		this.#stores = stores;
	}
	/** The state, or `undefined` when there is none. Throws in words where it cannot be read; it is never overwritten then. */
	read(): T | undefined {
		const kept = this.#file.read();
		if (kept === undefined) return undefined;
		if (kept.v === 1) {
			this.write(kept);
			return kept;
		}
		const { store, key } = this.#keyOf(kept);
		const state = this.#open(kept, key);
		this.#sealing = { store, key };
		const best = this.#stores.findIndex(({ usable }) => usable);
		if (best < this.#stores.indexOf(store)) {
			this.#sealing = undefined;
			this.write(state);
			if (this.#current().store !== store) store.forget();
		}
		return state;
	}
	/** The state as it is, without sealing it anew: for who looks while another process may work with it. */
	peek(): T | undefined {
		const kept = this.#file.read();
		if (kept === undefined || kept.v === 1) return kept;
		return this.#open(kept, this.#keyOf(kept).key);
	}
	/** Stores `state` durably. Throws, and leaves what is stored, where the next start would refuse it. */
	write(state: T): void {
		const parsed = this.#schema.safeParse(state);
		if (!parsed.success) throw new Error(`The agent's state would not be readable (${fieldsOf(parsed.error)}).`);
		const { store, key } = this.#current();
		this.#file.write(sealState(JSON.stringify(state), store.name, key));
	}
	#keyOf(kept: SealedState): Sealing {
		const store = this.#stores.find(({ name }) => name === kept.store);
		const key = store?.load();
		const path = this.#file.path;
		if (!store || !key)
			throw new KeyError(`The key of ${path} is gone. It should be in ${PLACES[kept.store]}. ${ANEW}`);
		if (markOf(key) !== kept.key) {
			throw new KeyError(`The key of ${path} was exchanged: the one in ${PLACES[kept.store]} is another. ${ANEW}`);
		}
		return { store, key };
	}
	#open(kept: SealedState, key: Buffer): T {
		let json: unknown;
		try {
			json = JSON.parse(openState(kept, key));
		} catch {
			throw new Error(`${this.#file.path} is damaged. Restore it from a backup, or move it away to start anew.`);
		}
		const parsed = this.#schema.safeParse(json);
		if (parsed.success) return parsed.data;
		throw new Error(
			`${this.#file.path} is of another version of the agent (${fieldsOf(parsed.error)}). Install that one again.`,
		);
	}
	#current(): Sealing {
		if (!this.#sealing) this.#sealing = this.#choose();
		return this.#sealing;
	}
	/** The best store that works, with its key: the one that is there, or a new one. */
	#choose(): Sealing {
		let trouble: unknown;
		for (const store of this.#stores) {
			if (!store.usable) continue;
			try {
				let key = store.load();
				if (!key) {
					key = randomBytes(KEY_BYTES);
					store.keep(key);
				}
				return { store, key };
			} catch (error) {
				// A store that does not work today must not keep the agent from starting: the next one is less good, not bad.
				trouble ??= error;
			}
		}
		throw trouble;
	}
}
