import type { Page } from "playwright-core";

/** What the picture on a page's canvas says about itself (design: section 10, time code). */
export interface Stamp {
	/** Frame number of the camera, mod 2^16. */
	frame: number;
	/** When the camera stamped it, in 0.1 ms mod 2^32. */
	time: number;
}

/** ms between a stamp of the camera and now, by the one clock of this machine. */
export function ageOf({ time }: Stamp): number {
	const now = Math.floor(Date.now() * 10) % 2 ** 32;
	return ((now - time + 2 ** 32) % 2 ** 32) / 10;
}

/** Whether the camera made this picture after `momentMs`: what still stands on the canvas from before is no proof. */
export const madeAfter = (momentMs: number) => (stamp: Stamp) => ageOf(stamp) < Date.now() - momentMs;

/**
 * Reads the time code from the canvas that shows a camera, or `null` when there is none to read: no picture yet, or
 * another picture than the camera's.
 */
export function readStamp(page: Page, canvas = "canvas"): Promise<Stamp | null> {
	return page.evaluate((selector) => {
		const source = document.querySelector<HTMLCanvasElement>(selector);
		if (!source || source.width < 80) return null;
		const cell = source.width / 80;
		const copy = new OffscreenCanvas(source.width, Math.ceil(cell * 2));
		const context = copy.getContext("2d", { willReadFrequently: true });
		if (!context) return null;
		context.drawImage(source, 0, 0);
		const { data } = context.getImageData(0, 0, copy.width, copy.height);
		/** Mean green of a cell's middle half. */
		// A method, because the runner wraps named functions in a helper that a page does not have.
		const cells = {
			mean(column: number, row: number) {
				let sum = 0;
				let count = 0;
				for (let y = Math.floor((row + 0.25) * cell); y < (row + 0.75) * cell; y++) {
					for (let x = Math.floor((column + 0.25) * cell); x < (column + 0.75) * cell; x++) {
						sum += data[(y * copy.width + x) * 4 + 1] ?? 0;
						count += 1;
					}
				}
				return sum / count;
			},
		};
		const bytes = new Uint8Array(7);
		for (let bit = 0; bit < 56; bit++) {
			const difference = cells.mean(bit, 0) - cells.mean(bit, 1);
			if (Math.abs(difference) < 60) return null;
			if (difference > 0) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (128 >> (bit & 7));
		}
		let crc = 0;
		for (const byte of bytes.subarray(0, 6)) {
			crc ^= byte;
			for (let i = 0; i < 8; i++) crc = crc & 128 ? ((crc << 1) ^ 7) & 255 : (crc << 1) & 255;
		}
		if (crc !== bytes[6]) return null;
		const view = new DataView(bytes.buffer);
		return { time: view.getUint32(0), frame: view.getUint16(4) };
	}, canvas);
}

/** Resolves with the first stamp that `fits`; rejects after `ms`. Asks at each repaint of the page. */
export async function untilStamp(page: Page, ms: number, fits: (stamp: Stamp) => boolean = () => true): Promise<Stamp> {
	const until = Date.now() + ms;
	for (;;) {
		const stamp = await readStamp(page);
		if (stamp && fits(stamp)) return stamp;
		if (Date.now() > until) throw new Error(`no such picture within ${ms} ms`);
		await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
	}
}

/** Resolves once the picture has stood still for a second; rejects when it still moves after `ms`. */
export async function untilStill(page: Page, ms: number): Promise<void> {
	const end = Date.now() + ms;
	let last = await readStamp(page);
	for (let still = 0; still < 20; ) {
		if (Date.now() > end) throw new Error(`the picture still moves after ${ms} ms`);
		await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 50)));
		const now = await readStamp(page);
		still = now && last && now.frame !== last.frame ? 0 : still + 1;
		last = now;
	}
}
