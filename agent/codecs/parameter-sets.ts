/** Parameter sets of one kind kept at most; a camera has one or two, of some ten bytes each. */
const MAX_SETS = 16;
const MAX_SET_BYTES = 1024;
/** What a catalog holds of them (`wire/catalog.ts`: 8192 hexadecimal digits). */
export const MAX_DESCRIPTION_BYTES = 4096;

/** Parameter sets of one kind by their ids: the latest of each. */
export class ParameterSets<Facts extends { id: number }> {
	#sets = new Map<number, { nal: Uint8Array; facts: Facts }>();
	#read: (nal: Uint8Array) => Facts | undefined;

	/** `read` makes out what matters of one, or finds that it is none. */
	constructor(read: (nal: Uint8Array) => Facts | undefined) {
		this.#read = read;
	}
	/** Takes one in, header included, unless it cannot be read. */
	add(nal: Uint8Array): void {
		if (nal.length > MAX_SET_BYTES) return;
		// A copy (a Buffer's `slice` is none): a view would keep a whole packet alive for as long as the set is in use.
		const kept = new Uint8Array(nal);
		const facts = this.#read(kept);
		if (facts && (this.#sets.has(facts.id) || this.#sets.size < MAX_SETS))
			this.#sets.set(facts.id, { nal: kept, facts });
	}
	get(id: number | undefined): { nal: Uint8Array; facts: Facts } | undefined {
		return id === undefined ? undefined : this.#sets.get(id);
	}
	/** All of them, `first` before the others. */
	all(first?: { nal: Uint8Array; facts: Facts }): { nal: Uint8Array; facts: Facts }[] {
		const sets = [...this.#sets.values()];
		return first ? [first, ...sets.filter((set) => set !== first)] : sets;
	}
	/** The same without what was made out. */
	nals(first?: { nal: Uint8Array; facts: Facts }): Uint8Array[] {
		return this.all(first).map(({ nal }) => nal);
	}
}
