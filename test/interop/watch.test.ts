import { newId } from "@mivisus/wire/ids";
import { PEER_PREFIX } from "@mivisus/wire/relay-tracks";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { machineClock } from "../../agent/clock.ts";
import { CameraBroadcast } from "../../agent/publish/broadcast.ts";
import { RelayLink } from "../../agent/publish/link.ts";
import { openChromium } from "../e2e/system.ts";
import { ClipSource } from "./clip.ts";
import { ElementPages } from "./elements.ts";
import { TestRelay } from "./relay.ts";

/** Every kind of picture in the clip. */
const ALL = ["blue black", "blue white", "green black", "green white", "red black", "red white"];
const PAINT_MS = 15_000;

let relay: TestRelay;
let site: ElementPages;
let browser: Browser;
const open: { close(): unknown }[] = [];
beforeAll(async () => {
	[relay, site, browser] = await Promise.all([TestRelay.start(), ElementPages.serve("watch"), openChromium()]);
});
afterEach(async () => {
	for (const one of open.splice(0).reverse()) await one.close();
});
afterAll(async () => {
	await browser?.close();
	site?.close();
	relay?.close();
});

/** One camera of the agent, as the agent publishes it. */
function camera() {
	const broadcast = new CameraBroadcast({
		sources: { main: new ClipSource() },
		sound: false,
		ready: false,
		clock: machineClock,
		sent: () => {},
		stateChanged: () => {},
	});
	open.push(broadcast);
	return broadcast;
}
async function publish(root: string, name: string, broadcast: CameraBroadcast) {
	const { session, token } = await relay.connect({ root, put: [name, `${PEER_PREFIX}/${newId()}`] });
	const link = await RelayLink.open(session, token, {
		cameras: [name],
		serve: (_, subscription) => broadcast.serve(subscription),
		clockOffset: (offsetMs) => broadcast.setClockOffset(offsetMs),
	});
	open.push(link);
	return { session, link };
}
/** The foreign player on a page, with a viewer's token. */
async function watch(root: string, name: string) {
	const url = relay.url(root, await relay.token({ root, get: [name], put: [`${PEER_PREFIX}/${newId()}`] }));
	const player = await site.open(browser, "watch", { url, name, certificateHash: relay.plane.certificateHash });
	open.push(player);
	return player;
}
/** Resolves once the canvas has shown each kind of picture. */
async function painted({ page, said }: { page: Page; said: string[] }) {
	await page.waitForFunction(`shown.size >= ${ALL.length}`, undefined, { timeout: PAINT_MS }).catch(async () => {
		const shown = await page.evaluate("[...shown].join(', ')");
		throw new Error(`only [${shown}] was painted; the player said:\n${said.join("\n")}`);
	});
	expect(((await page.evaluate("[...shown]")) as string[]).sort()).toEqual(ALL);
}

describe("the field's player, @moq/watch 0.4.6, in Chromium", () => {
	it("paints our agent's camera through our relay, each picture of the clip", async () => {
		const [root, name] = [newId(), newId()];
		await publish(root, name, camera());
		await painted(await watch(root, name));
	});

	it("waits for a camera that comes later, and goes on when its agent is lost and comes back", async () => {
		const [root, name] = [newId(), newId()];
		const player = await watch(root, name);
		const broadcast = camera();
		const { session } = await publish(root, name, broadcast);
		await painted(player);
		session.close(0, "");
		await session.closed;
		await player.page.evaluate("shown.clear()");
		await publish(root, name, broadcast);
		await painted(player);
		// The agent renews its token: for a moment there are two sessions of it.
		await player.page.evaluate("shown.clear()");
		await publish(root, name, broadcast);
		await painted(player);
	});
});
