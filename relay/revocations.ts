import type { RelayClaims, Revocation } from "@mivisus/wire/token";
import { MAX_REVOCATIONS, REVOCATION_KEPT_MS } from "./limits.ts";

/** Rights taken back in the last hour: longer than any session or token that could rest on them. */
export class Revocations {
	/** By ref: tokens issued at or before `iat` (s) are void. */
	#held = new Map<string, { seq: number; iat: number; atMs: number }>();
	#lastSeq = 0;
	#listeners = new Set<() => void>();

	get held(): number {
		return this.#held.size;
	}
	/** The highest sequence number applied; the worker sends again what is missing. */
	get lastSeq(): number {
		return this.#lastSeq;
	}
	/** Everything held, for a process that begins. */
	all(): Revocation[] {
		return [...this.#held].map(([ref, { iat, seq }]) => ({ seq, ref, iat }));
	}
	/** Applies a push; what came before does no harm when it comes again. */
	apply(revocations: readonly Revocation[], nowMs: number): void {
		for (const { seq, ref, iat } of revocations) {
			this.#lastSeq = Math.max(this.#lastSeq, seq);
			const known = this.#held.get(ref);
			// Deleted first, so that the map stays in order of age.
			this.#held.delete(ref);
			this.#held.set(ref, { seq, iat: Math.max(iat, known?.iat ?? 0), atMs: nowMs });
		}
		this.prune(nowMs);
		for (const listener of this.#listeners) listener();
	}
	/** Whether a right that these claims rest on was taken back since they were issued. */
	voids({ iat, mivisus }: Pick<RelayClaims, "iat" | "mivisus">): boolean {
		return mivisus.ref.some((ref) => {
			const revoked = this.#held.get(ref);
			return revoked !== undefined && iat <= revoked.iat;
		});
	}
	/** Calls `listener` after each push until the returned function is called. */
	onChange(listener: () => void): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}
	/** Forgets what no living session or token can rest on. */
	prune(nowMs: number): void {
		for (const [ref, { atMs }] of this.#held) {
			if (atMs + REVOCATION_KEPT_MS > nowMs && this.#held.size <= MAX_REVOCATIONS) return;
			this.#held.delete(ref);
		}
	}
}
