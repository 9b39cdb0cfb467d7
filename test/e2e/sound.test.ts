import { decodeCatalog, Track } from "@mivisus/wire/catalog";
import { WIRE_ERROR_CODES } from "@mivisus/wire/errors";
import { Priority } from "@mivisus/wire/moq/subscribe";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hearPage, played } from "./loudspeaker.ts";
import { addCamera, linkAgent, signIn, signUp } from "./person.ts";
import { Stage } from "./stage.ts";
import type { System } from "./system.ts";
import { untilStamp } from "./timecode.ts";
import { type Access, visit } from "./visitor.ts";

const CAMERA = { user: "viewer", password: "test-camera" };
/** The test camera's tone: 440 Hz with samples up to 4000 of 32768. */
const TONE_HZ = 440;
const TONE_DB = 20 * Math.log10(4000 / 32_768);
const SWITCHED_OFF = "Sound is off. Switch it on in the camera’s settings.";

describe.each([
	{ audio: "aac", codec: "mp4a.40.2", shown: "AAC", sampleRate: 48_000 },
	{ audio: "latm", codec: "mp4a.40.2", shown: "AAC", sampleRate: 48_000 },
	{ audio: "opus", codec: "opus", shown: "Opus", sampleRate: 48_000 },
	{ audio: "pcma", codec: "alaw", shown: "G.711", sampleRate: 8000 },
] as const)("the sound of a camera that sends $audio", ({ audio, codec, shown, sampleRate }) => {
	let stage: Stage;
	let system: System;
	let page: Page;
	let live: string;
	const button = (name: string, on = page) => on.getByRole("button", { name });
	const figure = async (name: string, on = page) =>
		(await on.locator(`[data-figure="${name}"] dd`).textContent())?.replaceAll(",", "");
	const decoded = async () => Number(await figure("sound-decoded"));
	const untilFigure = (name: string, fits: (value: string) => boolean) =>
		expect.poll(() => figure(name).then((value) => fits(value ?? "")), { timeout: 5000, interval: 50 }).toBe(true);
	const untilDecoded = (count: number) => untilFigure("sound-decoded", (value) => Number(value) >= count);
	/** Waits while the camera makes this many pictures: the time in which sound would come, if any did. */
	const pictures = async (count: number) => {
		const { frame } = await untilStamp(page, 5000);
		await untilStamp(page, 5000, (stamp) => (stamp.frame - frame + 65_536) % 65_536 >= count);
	};
	/** A viewer with the owner's right who does not keep to what the page does. */
	const visitRelay = async () => {
		const id = live.slice(-22);
		const headers = { origin: system.origin };
		const answer = await page.request.post(`${system.origin}/api/relay-token`, { headers, data: { cameras: [id] } });
		return { id, visitor: await visit((await answer.json()) as Access) };
	};
	/** The camera's sound tracks as the relay shows them to any viewer, and what it says to who asks for sound. */
	const atRelay = async () => {
		const { id, visitor } = await visitRelay();
		try {
			const { groups } = await visitor.subscribe(id, Track.catalog, Priority.catalog);
			const group = await groups[Symbol.asyncIterator]().next();
			const read = decodeCatalog((await group.value?.next()) ?? new Uint8Array());
			if (!read.ok) throw new Error(read.problem);
			const sound = await visitor.subscribe(id, Track.audio, Priority.audio).catch((error) => error.code as number);
			return { tracks: Object.keys(read.catalog.audio?.renditions ?? {}), sound };
		} finally {
			visitor.close();
		}
	};

	beforeAll(async () => {
		stage = await Stage.open({ ...CAMERA, audio });
		({ system, page } = stage);
		await hearPage(page);
		await signUp(system);
		await signIn(page, system.origin);
		const link = await system.startAgent("tcp");
		await linkAgent(page, link ?? "");
		await addCamera(page, system.origin, { name: "Front door", ...CAMERA, ...stage.camera });
		live = page.url();
	}, 60_000);
	afterAll(async () => {
		await stage?.close();
	});

	it("03.3: is off until the owner switches it on: a picture, but no sound to be had", async () => {
		await untilStamp(page, 10_000);
		expect(await button(SWITCHED_OFF).isDisabled()).toBe(true);
		await button("Figures").click();
		await pictures(50);
		expect([await figure("sound"), await figure("sound-decoded"), await figure("sound-peak")]).toEqual([
			"none",
			"0",
			"–",
		]);
		expect(await atRelay()).toEqual({ tracks: [], sound: WIRE_ERROR_CODES["not-found"] });
	});

	it("is switched on by the owner, who was told what that means; a page begins muted and decodes none", async () => {
		await button(SWITCHED_OFF).click({ force: true });
		await page.getByRole("link", { name: "Sound settings" }).click();
		await page.waitForURL(/settings#sound$/);
		await button("Switch sound on").click();
		await button("I have understood, switch it on").click();
		await page.getByText("Sound is on. Everybody who may watch this camera can listen.").waitFor();
		await page.goto(live);
		await button("Turn the sound up").waitFor();
		await button("Figures").click();
		await untilFigure("sound", (value) => value === shown);
		expect(await page.locator('[data-figure="sound"] dd').getAttribute("title")).toBe(codec);
		await pictures(50);
		expect(await decoded()).toBe(0);
		expect((await played(page)).pieces).toBe(0);
		expect(await atRelay()).toMatchObject({ tracks: [Track.audio], sound: { track: Track.audio } });
	});

	it("is heard when it is turned up: the camera's tone, as loud and as high as the camera made it", async () => {
		await button("Turn the sound up").click();
		await untilDecoded(50);
		await untilFigure("sound-peak", (value) => value.endsWith("\u00a0dB"));
		expect(Math.abs(Number.parseFloat((await figure("sound-peak"))?.replace("−", "-") ?? "") - TONE_DB)).toBeLessThan(
			3,
		);
		await expect.poll(async () => (await played(page)).pitches.length, { timeout: 5000 }).toBeGreaterThan(20);
		const heard = await played(page);
		expect(heard.sampleRate).toBe(sampleRate);
		expect(Math.abs(20 * Math.log10(heard.peak) - TONE_DB)).toBeLessThan(3);
		const pitches = heard.pitches.sort((a, b) => a - b);
		expect(Math.abs((pitches[pitches.length >> 1] ?? 0) - TONE_HZ)).toBeLessThan(5);
	});

	it("stops when it is muted, and comes back when it is turned up again", async () => {
		await button("Mute the sound").click();
		await button("Turn the sound up").waitFor();
		// The page hears of the figures four times a second: the last ones before the tap may still be on their way.
		await pictures(10);
		const before = [await decoded(), (await played(page)).pieces];
		await pictures(50);
		expect([await decoded(), (await played(page)).pieces]).toEqual(before);
		await button("Turn the sound up").click();
		await untilDecoded((before[0] ?? 0) + 20);
	});

	it("03.3: ends for who is listening when the owner switches it off in another window, and for who does not listen to that", async () => {
		const { id, visitor } = await visitRelay();
		const held = await visitor.subscribe(id, Track.audio, Priority.audio);
		expect((await held.groups[Symbol.asyncIterator]().next()).done).toBe(false);
		const settings = await page.context().newPage();
		await settings.goto(`${live}/settings`);
		await button("Switch sound off", settings).click();
		await settings.getByText("Sound is off. The agent sends pictures only.").waitFor();
		await held.closed;
		visitor.close();
		await button(SWITCHED_OFF).waitFor({ timeout: 5000 });
		await untilFigure("sound", (value) => value === "none");
		const before = [await decoded(), (await played(page)).pieces];
		await pictures(50);
		expect([await decoded(), (await played(page)).pieces]).toEqual(before);
		expect(await atRelay()).toEqual({ tracks: [], sound: WIRE_ERROR_CODES["not-found"] });
		await settings.close();
	});
});
