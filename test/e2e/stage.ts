import type { Browser, BrowserContext, Page } from "playwright-core";
import { type GstCamera, type GstCameraOptions, startGstCamera } from "../cameras/gst.ts";
import { openChromium, System } from "./system.ts";

/** A person's browser window with a profile of its own. */
export async function openWindow(browser: Browser): Promise<Page> {
	const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-GB" });
	context.setDefaultTimeout(15_000);
	return context.newPage();
}

/** What the browser tests play on: a real camera, the whole system, a real browser with one window. */
export class Stage {
	readonly system: System;
	readonly browser: Browser;
	readonly context: BrowserContext;
	readonly page: Page;
	/** Who puts another one in its place stops the one before. */
	camera: GstCamera;

	private constructor(camera: GstCamera, system: System, browser: Browser, page: Page) {
		this.camera = camera;
		this.system = system;
		this.browser = browser;
		this.page = page;
		this.context = page.context();
	}
	/** `front` and `edge`: what stands before the worker, and where it runs (see `System.start`). */
	static async open(
		camera: GstCameraOptions,
		front?: (workerPort: number) => Promise<number>,
		edge = false,
	): Promise<Stage> {
		const endings: (() => Promise<void>)[] = [];
		try {
			const started = await startGstCamera(camera);
			endings.push(() => started.stop());
			const system = await System.start({ ...(front && { front }), edge });
			endings.push(() => system.stop());
			const browser = await openChromium();
			endings.push(() => browser.close());
			return new Stage(started, system, browser, await openWindow(browser));
		} catch (error) {
			for (const end of endings.reverse()) await end();
			throw error;
		}
	}
	async close(): Promise<void> {
		await this.browser.close();
		await this.system.stop();
		await this.camera.stop();
	}
}
