import { Arriving } from "./arriving.ts";
import { Broadcast, type Shared, type SubscribeUpstream } from "./broadcast.ts";
import { Budget } from "./budget.ts";
import { DEFAULT_MEMORY_MIB } from "./limits.ts";
import { planMemory } from "./memory.ts";
import { Meter } from "./meter.ts";

/** Hears of broadcasts that come (`true`) and go (`false`). */
export type Watcher = (name: string, active: boolean) => void;

interface Room {
	broadcasts: Map<string, Broadcast>;
	watchers: Set<Watcher>;
	budget: Budget;
}

/** Who publishes what now. Accounts are rooms without doors between them. */
export class Directory {
	#rooms = new Map<string, Room>();
	#budget: Budget;
	#accountBytes: number;
	#shared: Omit<Shared, "budget">;

	constructor(meter = new Meter(), plan = planMemory(DEFAULT_MEMORY_MIB)) {
		this.#budget = new Budget(plan.cachedBytes);
		this.#accountBytes = plan.accountCachedBytes;
		this.#shared = { meter, arriving: new Arriving(plan.arrivingBytes) };
	}
	/** Frames that did not arrive whole, bytes. */
	get arrivingBytes(): number {
		return this.#shared.arriving.bytes;
	}
	/** Whether current groups are kept for those who come late. Where they are not, those kept are given up at once. */
	keep(groups: boolean): void {
		this.#budget.closed = !groups;
		if (groups) return;
		for (const { broadcasts } of this.#rooms.values()) for (const broadcast of broadcasts.values()) broadcast.forget();
	}
	/** Kept for those who come late, in all accounts. */
	get cachedBytes(): number {
		return this.#budget.taken;
	}
	/** Broadcasts active now, in all accounts. */
	get size(): number {
		let size = 0;
		for (const { broadcasts } of this.#rooms.values()) size += broadcasts.size;
		return size;
	}
	/**
	 * Publishes `name`. Whoever published it before is replaced: players are told *ended*, then *active*, because one that
	 * hears *active* twice stays frozen (wire notes).
	 */
	publish(root: string, name: string, subscribe: SubscribeUpstream): Broadcast {
		const room = this.#room(root);
		const before = room.broadcasts.get(name);
		if (before) this.withdraw(before);
		// Looked up again: an account's last broadcast takes its room with it.
		const { broadcasts, budget } = this.#room(root);
		const broadcast = new Broadcast(root, name, subscribe, { ...this.#shared, budget });
		broadcasts.set(name, broadcast);
		this.#tell(root, name, true);
		return broadcast;
	}
	/** Ends `broadcast`; one that was replaced already is not announced again. */
	withdraw(broadcast: Broadcast): void {
		const { root, name } = broadcast;
		const room = this.#rooms.get(root);
		if (room?.broadcasts.get(name) === broadcast) {
			room.broadcasts.delete(name);
			this.#tell(root, name, false);
			this.#sweep(root);
		}
		broadcast.end();
	}
	find(root: string, name: string): Broadcast | undefined {
		return this.#rooms.get(root)?.broadcasts.get(name);
	}
	/** Names active in an account now, and from then on each change, until the returned function is called. */
	watch(root: string, watcher: Watcher): { active: readonly string[]; stop: () => void } {
		const room = this.#room(root);
		room.watchers.add(watcher);
		const stop = () => {
			room.watchers.delete(watcher);
			this.#sweep(root);
		};
		return { active: [...room.broadcasts.keys()], stop };
	}
	#tell(root: string, name: string, active: boolean): void {
		for (const watcher of this.#rooms.get(root)?.watchers ?? []) watcher(name, active);
	}
	#room(root: string): Room {
		const room = this.#rooms.get(root) ?? {
			broadcasts: new Map(),
			watchers: new Set(),
			budget: new Budget(this.#accountBytes, this.#budget),
		};
		this.#rooms.set(root, room);
		return room;
	}
	/** Nothing is kept of an account that nobody uses. */
	#sweep(root: string): void {
		const room = this.#rooms.get(root);
		if (room && room.broadcasts.size === 0 && room.watchers.size === 0) this.#rooms.delete(root);
	}
}
