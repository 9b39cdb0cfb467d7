import { type Clock, day } from "../clock.ts";

/** The agent's downloads, as they are counted (policy 02.5). */
export const DOWNLOAD_SYSTEMS = ["linux", "macos", "windows"] as const;
export const DOWNLOAD_TYPES = ["deb", "tar.gz", "zip"] as const;
export type DownloadSystem = (typeof DOWNLOAD_SYSTEMS)[number];
export type DownloadType = (typeof DOWNLOAD_TYPES)[number];
/** A number below this is shown to nobody: few enough might be somebody (policy 04.5). */
export const MIN_SHOWN = 10;

/** A number with what it counts; `undefined` for one that is too small to be shown. */
export interface Shown {
	what: string;
	count: number | undefined;
}
export interface CountStore {
	countPage(day: string, path: string): Promise<void>;
	countDownload(day: string, os: DownloadSystem, fileType: DownloadType): Promise<void>;
	/** Sums between two days, both included. */
	pages(from: string, to: string): Promise<{ what: string; count: number }[]>;
	downloads(from: string, to: string): Promise<{ what: string; count: number }[]>;
}

/**
 * Counters without people: a day, what was opened or downloaded, and how often. Nothing that comes with a request is kept, so
 * that two visits of one person are two like any two others. Only pages of `paths` are counted: what somebody typed into the
 * address bar is nobody's business.
 */
export class Counts {
	#store: CountStore;
	#clock: Clock;
	#paths: ReadonlySet<string>;
	constructor(store: CountStore, clock: Clock, paths: readonly string[]) {
		this.#store = store;
		this.#clock = clock;
		this.#paths = new Set(paths);
	}
	/** Whether it was counted. */
	async page(path: string): Promise<boolean> {
		if (!this.#paths.has(path)) return false;
		await this.#store.countPage(day(this.#clock.now()), path);
		return true;
	}
	async download(os: DownloadSystem, fileType: DownloadType): Promise<void> {
		await this.#store.countDownload(day(this.#clock.now()), os, fileType);
	}
	/** What may be shown of the days `from` to `to` (`YYYY-MM-DD`). */
	async shown(from: string, to: string): Promise<{ pages: Shown[]; downloads: Shown[] }> {
		const hide = (rows: { what: string; count: number }[]): Shown[] =>
			rows.map(({ what, count }) => ({ what, count: count < MIN_SHOWN ? undefined : count }));
		return {
			pages: hide(await this.#store.pages(from, to)),
			downloads: hide(await this.#store.downloads(from, to)),
		};
	}
}
