import { MoqPeer } from "@mivisus/transport/moq/peer";
import { type Catalog, decodeCatalog, Track } from "@mivisus/wire/catalog";
import { decodeLegacy } from "@mivisus/wire/container";
import { newId } from "@mivisus/wire/ids";
import { Priority } from "@mivisus/wire/moq/subscribe";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openChromium } from "../e2e/system.ts";
import { ElementPages } from "./elements.ts";
import { TestRelay } from "./relay.ts";

let relay: TestRelay;
let site: ElementPages;
let browser: Browser;
beforeAll(async () => {
	const launch = openChromium("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream");
	[relay, site, browser] = await Promise.all([TestRelay.start(), ElementPages.serve("publish"), launch]);
});
afterAll(async () => {
	await browser?.close();
	site?.close();
	relay?.close();
});

/** The catalog as soon as it names a video; the field's publisher begins with an empty one. */
async function catalogWithVideo(viewer: MoqPeer, name: string): Promise<Catalog> {
	const subscription = await viewer.subscribe(name, Track.catalog, Priority.catalog);
	for await (const group of subscription.groups) {
		for (let frame = await group.next(); frame; frame = await group.next()) {
			const decoded = decodeCatalog(frame);
			if (!decoded.ok) throw new Error(decoded.problem);
			if (Object.keys(decoded.catalog.video?.renditions ?? {}).length > 0) return decoded.catalog;
		}
	}
	throw new Error("the catalog ended without a video");
}

it("the field's publisher, @moq/publish 0.2.17 in Chromium, reaches our viewer through our relay", async () => {
	const [root, name] = [newId(), newId()];
	const { session } = await relay.connect({ root, get: [name] });
	const viewer = await MoqPeer.client(session);
	const announced = await viewer.announced(name);
	const url = relay.url(root, await relay.token({ root, put: [name] }));
	const page = await site.open(browser, "publish", { url, name, certificateHash: relay.plane.certificateHash });
	expect((await announced.next()).value, page.said.join("\n")).toEqual({ active: true, suffix: "" });

	const catalog = await catalogWithVideo(viewer, name);
	const [track, rendition] = Object.entries(catalog.video!.renditions)[0]!;
	expect(rendition.container?.kind).toBe("legacy");
	expect(rendition.codec).toMatch(/^avc1\./);

	const subscription = await viewer.subscribe(name, track, Priority.video);
	let last = -1;
	for (let count = 0; count < 2; count++) {
		const group = (await subscription.groups.next()).value!;
		const { timestampUs, payload } = decodeLegacy((await group.next())!);
		expect(timestampUs).toBeGreaterThan(last);
		last = timestampUs;
		// Without a description it is Annex B: a start code, then a sequence parameter set, as a keyframe begins.
		expect([...payload.subarray(0, 4), payload[4]! & 0x1f]).toEqual([0, 0, 0, 1, 7]);
	}
	// Taken off the page rather than the page closed: of a closed page Chromium says goodbye half the time only.
	await page.page.evaluate(`document.querySelector("moq-publish").remove()`);
	expect((await announced.next()).value).toEqual({ active: false, suffix: "" });
	await page.close();
	viewer.close();
});
