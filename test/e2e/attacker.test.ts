import { join } from "node:path";
import { fromBase64Url, newId, toBase64Url } from "@mivisus/wire/ids";
import { sealCamera } from "@mivisus/wire/seal";
import { type Command, Domain, signStatement } from "@mivisus/wire/signed";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { StateStore } from "../../agent/secrets/state.ts";
import { Keys } from "../../worker/http/testing/parties.ts";
import { Attacker } from "./attacker.ts";
import { CAMILLE, signIn, signUp, typeCamera } from "./person.ts";
import { formsOf } from "./secrets.ts";
import { Stage } from "./stage.ts";
import type { System } from "./system.ts";
import { untilStamp } from "./timecode.ts";

const CAMERA = { user: "viewer", password: "S3cr@t#?&é" };

/** What a statement says, whoever signed it. */
const said = (statement: string): Command => JSON.parse(Buffer.from(statement.split(".")[0]!, "base64url").toString());

describe("the service as attacker: what it can do is deny, not command or read", () => {
	let attacker: Attacker;
	let stage: Stage;
	let system: System;
	let page: Page;
	/** Everything the agent has written so far. */
	const agentSaid = () => system.output.filter((line) => line.startsWith("agent")).join("\n");
	/** What the agent keeps on disk. */
	const kept = async () => {
		const store = await StateStore.open(join(system.home, "agent"), () => Promise.reject(new Error("nothing is kept")));
		return store.current;
	};
	const button = (name: string | RegExp) => page.getByRole("button", { name });

	const openLink = async (link: string) => {
		await page.goto("about:blank");
		await page.goto(link);
	};
	const type = (name: string) => typeCamera(page, system.origin, { name, ...CAMERA, ...stage.camera });

	beforeAll(async () => {
		attacker = await Attacker.start();
		stage = await Stage.open(CAMERA, (workerPort) => attacker.front(workerPort));
		({ system, page } = stage);
		await signUp(system);
		await signIn(page, system.origin);
		await page.getByRole("heading", { name: /Three steps/ }).waitFor();
	}, 60_000);
	afterAll(async () => {
		await stage?.close();
		attacker?.close();
	});

	let link: string;
	it("shows keys of its own for the agent: the browser says so and links nothing", async () => {
		link = (await system.startAgent("tcp"))!;
		const { signKey: mine, sealKey } = await Keys.make();
		for (const keys of [{ signKey: mine }, { sealKey }, { signKey: mine, sealKey }]) {
			attacker.forge("POST /api/enrolments/lookup", (answer) => ({ ...answer, ...keys }));
			await openLink(link);
			await page.getByText("The keys that the service presents are not the ones in the link").waitFor();
			expect(await button("Link this agent").count()).toBe(0);
		}
		attacker.forge("POST /api/enrolments/lookup", undefined);
		expect(attacker.sent("POST /api/enrolments/claim")).toBeUndefined();
	});

	it("passes a device of its own to the agent: the agent says so, links nothing and keeps nothing", async () => {
		const mine = (await Keys.make()).signKey;
		attacker.forge("POST /api/agent/enrolments/poll", (answer) =>
			answer.state === "claimed" ? { ...answer, device: { ...answer.device, signKey: mine } } : answer,
		);
		await openLink(link);
		await button("Link this agent").click();
		await page.getByText("The agent did not accept this browser’s keys").waitFor();
		attacker.forge("POST /api/agent/enrolments/poll", undefined);
		expect(await system.agent!.exited).toBe(1);
		expect(agentSaid()).toContain("Somebody between this agent and your browser may have changed them");
		expect((await kept()).enrolment).toBeUndefined();
	});

	it("replays a link and its claim: the browser refuses the used link, the agent the old claim", async () => {
		await openLink(link);
		await page.getByText("This link was already used").waitFor();
		// The next agent's link is its own: a claim that was genuine for another one does not fit.
		const [used, fresh] = [attacker.sent("POST /api/enrolments/claim"), (await system.startAgent("tcp"))!];
		const claimed = {
			state: "claimed",
			agentId: newId(),
			accountId: await page.evaluate(async () => (await (await fetch("/api/session")).json()).account.id),
			device: { id: newId(), signKey: used.deviceSignKey, sealKey: used.deviceSealKey, label: used.deviceLabel },
			mac: used.mac,
		};
		const before = system.output.length;
		attacker.forge("POST /api/agent/enrolments/poll", () => claimed);
		expect(await system.agent!.exited).toBe(1);
		attacker.forge("POST /api/agent/enrolments/poll", undefined);
		expect(system.output.slice(before).join("\n")).toContain("were not confirmed by the link's secret");
		expect((await kept()).enrolment).toBeUndefined();
		expect(fresh).not.toBe(link);
	});

	it("the same agent is linked as soon as nobody changes anything", async () => {
		await openLink((await system.startAgent("tcp"))!);
		await button("Link this agent").click();
		await page.getByText("The agent is linked").first().waitFor();
	});

	it("shows another key for the linked agent: the browser says so and sends nothing", async () => {
		const { sealKey } = await Keys.make();
		await page.goto(`${system.origin}/cameras/new`);
		attacker.forge("GET /api/agents", ({ agents }) => ({ agents: agents.map((one: object) => ({ ...one, sealKey })) }));
		await type("Front door");
		await page.getByText("The service shows a different key for this agent than the one this browser pinned").waitFor();
		attacker.forge("GET /api/agents", undefined);
		expect(attacker.sent("POST /api/cameras")).toBeUndefined();
	});

	it("alters a camera's address, sealed as the owner would: the agent refuses, the browser tells why", async () => {
		const agents = await page.evaluate(async () => (await (await fetch("/api/agents")).json()).agents);
		const { sealKey } = agents.find((one: { state: string }) => one.state === "active");
		const account = await page.evaluate(async () => (await (await fetch("/api/session")).json()).account.id);
		const bait = { v: 1, url: { scheme: "rtsp", host: "127.0.0.1", port: stage.camera.port + 1, path: "/bait" } };
		let altered = 0;
		const alter = async (statement: string) => {
			const command = said(statement);
			const where = { account, agent: command.agent, camera: command.camera };
			const plain = new TextEncoder().encode(JSON.stringify(bait));
			const sealed = toBase64Url(await sealCamera(fromBase64Url(sealKey), where, plain));
			const json = toBase64Url(new TextEncoder().encode(JSON.stringify({ ...command, sealed })));
			return `${json}.${statement.split(".")[1]}`;
		};
		attacker.forge("POST /api/agent/state", async (state) => ({
			...state,
			commands: await Promise.all(
				state.commands.map(async (one: { id: string; command: string }) => {
					altered += 1;
					return { ...one, command: await alter(one.command) };
				}),
			),
		}));
		await type("Front door");
		await page.getByText(/The agent refused: .*signature is wrong/).waitFor();
		attacker.forge("POST /api/agent/state", undefined);
		expect(altered).toBe(1);
		expect((await kept()).cameras).toEqual([]);
	});

	it("the owner tries again, untouched: the camera is seen", async () => {
		await type("Front door");
		await page.getByText("The camera answered").waitFor({ timeout: 20_000 });
		await page.getByRole("link", { name: "See it large" }).click();
		await untilStamp(page, 10_000);
		expect((await kept()).cameras).toHaveLength(1);
	});

	it("sends commands without a signature, with its own, and old ones again: each refused, nothing changes", async () => {
		const genuine: string = attacker.sent("POST /api/cameras").command;
		const owner = said(genuine);
		const before = await kept();
		const command: Command = { ...owner, id: newId(), type: "camera.sound", on: true, counter: owner.counter + 1 };
		const json = toBase64Url(new TextEncoder().encode(JSON.stringify(command)));
		const mine = (await Keys.make()).signPrivate;
		const empty = toBase64Url(new Uint8Array(64));

		const refusals = [];
		for (const planted of [
			json,
			`${json}.`,
			`${json}.${empty}`,
			`${json}.${genuine.split(".")[1]}`,
			await signStatement(mine, Domain.command, command),
			await signStatement(mine, Domain.command, { ...command, device: newId() }),
			genuine,
		]) {
			refusals.push(await attacker.plant(planted));
		}
		expect(refusals.map(({ state, code }) => [state, code])).toEqual([
			["refused", "malformed"],
			["refused", "malformed"],
			["refused", "bad-signature"],
			["refused", "bad-signature"],
			["refused", "bad-signature"],
			["refused", "unknown-device"],
			["refused", "replayed"],
		]);
		for (const words of ["signature is wrong", "not signed by a device that this agent knows", "already carried out"]) {
			await system.agent!.line(new RegExp(words));
		}
		expect(await kept()).toEqual(before);
	});

	it("replays the order for sound after the owner switched it off: sound stays off", async () => {
		await page.goto(page.url().replace(/\/?$/, "/settings"));
		await button("Switch sound on").click();
		await button("I have understood, switch it on").click();
		await button("Switch sound off").waitFor();
		const on: string = attacker.sent("POST /api/commands").command;
		expect(said(on)).toMatchObject({ type: "camera.sound", on: true });
		await button("Switch sound off").click();
		await button("Switch sound on").waitFor();
		expect(await attacker.plant(on)).toMatchObject({ state: "refused", code: "replayed" });
		expect((await kept()).cameras[0]?.sound).toBe(false);
	});

	it("A13: read all that passed, and the camera's password was in none of it", () => {
		const bytes = Buffer.concat(attacker.seen);
		// The search finds what is there: the account's own password went this way, over TLS in earnest.
		expect(bytes.includes(CAMILLE.password)).toBe(true);
		for (const form of formsOf(CAMERA.password)) expect(bytes.includes(form), String(form)).toBe(false);
	});
});
