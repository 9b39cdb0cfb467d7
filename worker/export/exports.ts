import { newId } from "@mivisus/wire/ids";
import type { SigningKey } from "@mivisus/wire/token";
import type { WithHash } from "../accounts/accounts.ts";
import type { After, Clock } from "../clock.ts";
import type { Recipient } from "../data-map/recipients.ts";
import { Problem } from "../problems.ts";
import { type ArchiveOptions, archiveStream, type ExportStore } from "./archive.ts";

/** How long the link to a copy works, ms. */
export const LINK_MS = 24 * 3_600_000;
/** Copies that are begun at the same time: each holds a page of rows, and the database is everybody's. */
const MAX_NEW = 4;
/** After so long a copy waits for its reader more than for the database, ms: it keeps nobody else from having one. */
const NEW_MS = 60_000;
/** All of them. */
const MAX_RUNNING = 64;
/** No copy takes longer, ms: the largest there can be takes minutes on a poor line. */
const LONGEST_MS = 3_600_000;
/** A reader that takes nothing for so long is gone, ms. */
const STALL_MS = 60_000;
/**
 * A copy of which nothing was heard for so long is no longer made, ms: a runtime may end a request, for the CPU that it used,
 * without a word to the program, and its place must not be lost with it.
 */
const LEASE_MS = 2 * STALL_MS;

export interface ExportsOptions {
	store: ExportStore;
	find(accountId: string): Promise<WithHash | undefined>;
	/** Records that a link was used; false when it was before. */
	useOnce(mark: { hash: string; expiresAt: number }): Promise<boolean>;
	mac: { make(text: string): string; check(text: string, mark: string): boolean };
	hash(text: string): string;
	hasher: ArchiveOptions["hasher"];
	key: SigningKey;
	clock: Clock;
	after: After;
	/** Where a request may be ended once it is answered: keeps it going until `work` is done, so that it hears of the reader. */
	keep?: ((work: Promise<void>) => void) | undefined;
	/** Records that a copy was made. */
	made(accountId: string): Promise<void>;
	/** Tells the operator of what the person cannot help. */
	onFault(error: Error): void;
	service: string;
	region: string;
	recipients: readonly Recipient[];
}
export interface Download {
	/** Of the file that the browser saves. */
	name: string;
	body: ReadableStream<Uint8Array>;
}

/** What a link's mark is made over. */
const textOf = (accountId: string, named: string): string => `export.${accountId}.${named}`;

/** Copies of a person's data (art. 15 and 20), made while they are read. */
export class Exports {
	#options: ExportsOptions;
	/** Accounts whose copies are being made; since when, and when something was last heard of each, ms since 1970. */
	#running = new Map<string, { since: number; heardAt: number }>();
	constructor(options: ExportsOptions) {
		this.#options = options;
	}
	/** How many are being made now. */
	get running(): number {
		return this.#running.size;
	}
	/** A token that gets the account's copy once, within a day, for whoever is signed in to the account; asking stores nothing. */
	link(accountId: string): { token: string; expiresAt: number } {
		const expiresAt = this.#options.clock.now() + LINK_MS;
		const named = `${expiresAt.toString(36)}.${newId()}`;
		return { token: `${named}.${this.#options.mac.make(textOf(accountId, named))}`, expiresAt };
	}
	/**
	 * The copy that `token` is for. The link is used up by it, whatever becomes of the download. `gone` aborts when whoever
	 * asked has left: not every runtime cancels the body then (cloudflare/workerd#6832).
	 */
	async open(accountId: string, token: string, allowed: () => void, gone: AbortSignal): Promise<Download> {
		const [expires = "", id = "", mark = "", ...rest] = token.split(".");
		const { mac, clock, hash, useOnce } = this.#options;
		const expiresAt = Number.parseInt(expires, 36);
		const named = `${expires}.${id}`;
		const valid = rest.length === 0 && mac.check(textOf(accountId, named), mark) && expiresAt > clock.now();
		if (!valid) throw new Problem("link-unusable");
		return this.#begin(accountId, gone, async () => {
			// First: opening a used link again, by a reload, is no further copy.
			if (!(await useOnce({ hash: hash(token), expiresAt }))) throw new Problem("link-unusable");
			allowed();
		});
	}
	/** The copy, now. `allowed` throws when there were too many; one that is not begun does not count. */
	now(accountId: string, allowed: () => void, gone: AbortSignal): Promise<Download> {
		return this.#begin(accountId, gone, async () => allowed());
	}
	async #begin(accountId: string, gone: AbortSignal, allowed: () => Promise<void>): Promise<Download> {
		const { clock, keep, made, onFault } = this.#options;
		const since = clock.now();
		for (const [running, { heardAt }] of this.#running) if (heardAt <= since - LEASE_MS) this.#running.delete(running);
		const young = [...this.#running.values()].filter((each) => each.since > since - NEW_MS);
		if (this.#running.has(accountId) || young.length >= MAX_NEW || this.#running.size >= MAX_RUNNING)
			throw new Problem("export-running", undefined, 30);
		const heard = () => void this.#running.set(accountId, { since, heardAt: clock.now() });
		let over = () => {};
		keep?.(
			new Promise((resolve) => {
				over = resolve;
			}),
		);
		const ended = () => {
			this.#running.delete(accountId);
			over();
		};
		heard();
		try {
			await allowed();
			return await this.#make(accountId, { gone, heard, ended, made: () => made(accountId), failed: onFault });
		} catch (error) {
			ended();
			throw error;
		}
	}
	async #make(accountId: string, watch: Omit<Watch, "after">): Promise<Download> {
		const { store, find, hasher, key, clock, after, service, region, recipients } = this.#options;
		const account = await find(accountId);
		if (!account) throw new Problem("unauthorized");
		const nowMs = clock.now();
		const archive = archiveStream({
			store,
			subject: { id: account.id, emailKey: account.emailKey, language: account.language },
			nowMs,
			service,
			region,
			recipients,
			key,
			hasher,
			breathe: () => new Promise((resolve) => void after(0, resolve)),
		});
		return {
			name: `mivisus-${new Date(nowMs).toISOString().slice(0, 10)}.zip`,
			body: watched(archive, { after, ...watch }),
		};
	}
}

interface Watch {
	after: After;
	/** Aborts when the reader has left. */
	gone: AbortSignal;
	/** Called whenever the reader takes something. */
	heard(): void;
	/** Called once. */
	ended(): void;
	/** Called before the end when all of it was taken. */
	made(): Promise<void>;
	/** Called when it could not be made. */
	failed(error: Error): void;
}

/** `source` until its end, its fault, its reader's leave, or a reader that takes nothing. */
function watched(
	source: ReadableStream<Uint8Array>,
	{ after, gone, heard, ended, made, failed }: Watch,
): ReadableStream<Uint8Array> {
	const reader = source.getReader();
	let unwatch: () => void = () => {};
	let left: () => void = () => {};
	let unlimit: () => void = () => {};
	let over = false;
	const end = () => {
		unwatch();
		unlimit();
		gone.removeEventListener("abort", left);
		if (!over) ended();
		over = true;
	};
	const breakOff = (controller: ReadableStreamDefaultController<Uint8Array>, why: string) => {
		if (over) return;
		// First of all: a runtime that has let go of the body may throw at the rest.
		end();
		const reason = new Error(why);
		controller.error(reason);
		void reader.cancel(reason).catch(() => {});
	};
	const watch = (controller: ReadableStreamDefaultController<Uint8Array>) => {
		unwatch = after(STALL_MS, () => breakOff(controller, "nobody reads the copy"));
	};
	return new ReadableStream<Uint8Array>(
		{
			start: (controller) => {
				left = () => breakOff(controller, "the reader of the copy has left");
				gone.addEventListener("abort", left);
				if (gone.aborted) return left();
				watch(controller);
				unlimit = after(LONGEST_MS, () => breakOff(controller, "the copy takes too long"));
			},
			pull: async (controller) => {
				if (over) return;
				unwatch();
				heard();
				try {
					const { value, done } = await reader.read();
					// It was broken off meanwhile.
					if (over) return;
					if (!done) {
						controller.enqueue(value);
						watch(controller);
						return;
					}
				} catch (error) {
					end();
					// What went wrong may quote what stands in a row: it is told where such things are, by its name.
					failed(error as Error);
					throw new Error("the copy could not be made");
				}
				await made().catch(failed);
				end();
				controller.close();
			},
			cancel: async (reason) => {
				end();
				await reader.cancel(reason).catch(() => {});
			},
		},
		{ highWaterMark: 0 },
	);
}
