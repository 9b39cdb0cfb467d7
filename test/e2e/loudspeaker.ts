import type { Page } from "playwright-core";

/** What a page gave to the loudspeaker: every piece's loudest sample, and its pitch where it is loud enough to have one. */
export interface Played {
	pieces: number;
	sampleRate: number;
	/** 0 to 1. */
	peak: number;
	/** Hz, one for each piece with a tone in it. */
	pitches: number[];
}
declare global {
	interface Window {
		played: Played;
	}
}

/** Listens in between the page and its loudspeaker, on every page that opens from now on. */
export async function hearPage(page: Page): Promise<void> {
	await page.addInitScript(() => {
		const played: Played = { pieces: 0, sampleRate: 0, peak: 0, pitches: [] };
		window.played = played;
		const start = AudioBufferSourceNode.prototype.start;
		AudioBufferSourceNode.prototype.start = function (...when) {
			const { buffer } = this;
			if (buffer) {
				played.pieces += 1;
				played.sampleRate = buffer.sampleRate;
				const rises: number[] = [];
				let low = false;
				for (const [at, sample] of buffer.getChannelData(0).entries()) {
					played.peak = Math.max(played.peak, Math.abs(sample));
					// With a threshold on both sides, so that noise around zero is no tone.
					if (sample < -0.03) low = true;
					else if (sample > 0.03 && low) {
						low = false;
						rises.push(at);
					}
				}
				const [first = 0] = rises;
				const waves = rises.length - 1;
				if (waves >= 4) played.pitches.push((waves * buffer.sampleRate) / ((rises.at(-1) ?? 0) - first));
			}
			return start.apply(this, when);
		};
	});
}

export const played = (page: Page): Promise<Played> => page.evaluate(() => window.played);
