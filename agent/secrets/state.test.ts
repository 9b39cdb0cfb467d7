import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { agentHome, ConfigError, readConfig } from "../config.ts";
import { fileKeys } from "./keys/file.ts";
import type { KeyStore } from "./keys/store.ts";
import { type AgentState, MAX_SEALED, StateStore } from "./state.ts";

let home: string;
beforeEach(() => {
	home = mkdtempSync(join(tmpdir(), "mivisus-agent-"));
});
afterEach(() => rmSync(home, { recursive: true }));

const fresh = async (): Promise<AgentState> => ({
	v: 1,
	identity: { signPrivate: "aaaa", signPublic: "bbbb", sealPrivate: "cccc", sealPublic: "dddd" },
	cameras: [],
});

describe("the state file", () => {
	it("is kept for its owner only, and read again as it was written", async () => {
		const store = await StateStore.open(home, fresh);
		store.save({ ...store.current, cameras: [{ id: "A".repeat(22), sealed: "box", sound: true }] });
		expect(statSync(join(home, "state.json")).mode & 0o777).toBe(0o600);
		const again = await StateStore.open(home, () => Promise.reject(new Error("a second identity was made")));
		expect(again.current.cameras[0]?.sealed).toBe("box");
		expect(readdirSync(home).sort()).toEqual(["state.json", "state.key"]);
	});
	it("is not replaced by what the next start would refuse", async () => {
		const store = await StateStore.open(home, fresh);
		const camera = { id: "A".repeat(22), sealed: "A".repeat(MAX_SEALED + 1), sound: true };
		expect(() => store.save({ ...store.current, cameras: [camera] })).toThrow("cameras.0.sealed");
		expect(store.current.cameras).toEqual([]);
		store.save({ ...store.current, cameras: [{ ...camera, sealed: "A".repeat(MAX_SEALED) }] });
		const again = await StateStore.open(home, () => Promise.reject(new Error("lost")));
		expect(again.current.cameras).toHaveLength(1);
	});
	it("who only looks changes nothing: no new state, no other key", async () => {
		const usable = { file: false };
		const better: KeyStore = {
			name: "systemd",
			get usable() {
				return usable.file;
			},
			load: () => kept,
			keep: (key) => {
				kept = key;
			},
			forget: () => {},
		};
		let kept: Buffer | undefined;
		const stores = [better, fileKeys(home)];
		expect(StateStore.peek(home, stores)).toBeUndefined();
		expect(readdirSync(home)).toEqual([]);
		const running = await StateStore.open(home, fresh, stores);
		usable.file = true;
		expect(StateStore.peek(home, stores)?.identity.signPublic).toBe("bbbb");
		expect(readdirSync(home).sort()).toEqual(["state.json", "state.key"]);
		running.save({ ...running.current, cameras: [] });
		expect(StateStore.peek(home, stores)?.cameras).toEqual([]);
	});
	it.skipIf(process.platform === "win32")(
		"D6: is not replaced by a part of itself where the disk is full",
		async () => {
			await StateStore.open(home, fresh);
			const script = `
			import { StateStore } from ${JSON.stringify(new URL("state.ts", import.meta.url).href)};
			const store = await StateStore.open(process.env.AGENT_HOME, () => Promise.reject(new Error("lost")));
			store.save({ ...store.current, cameras: [{ id: "A".repeat(22), sealed: "A".repeat(8000), sound: true },
				{ id: "B".repeat(22), sealed: "B".repeat(8000), sound: true }] });`;
			// A limit on the size of files ends a write in its middle, as a full disk does.
			const { status, signal } = spawnSync(
				"/bin/sh",
				["-c", 'ulimit -f 16; exec "$0" --import tsx --input-type=module -e "$1"', process.execPath, script],
				{ env: { ...process.env, AGENT_HOME: home, TSX_DISABLE_CACHE: "1" } },
			);
			expect(status === 0 && signal === null).toBe(false);
			expect((await StateStore.open(home, () => Promise.reject(new Error("lost")))).current).toEqual(await fresh());
		},
	);
	it("is never overwritten when damaged, and its content is not in the error", async () => {
		writeFileSync(join(home, "state.json"), JSON.stringify({ v: 1, identity: { signPrivate: "s3cret!" } }));
		await expect(StateStore.open(home, fresh)).rejects.toThrow(/damaged \(.*identity\.signPrivate/);
		await expect(StateStore.open(home, fresh)).rejects.toSatisfy((error: Error) => !error.message.includes("s3cret!"));
		writeFileSync(join(home, "state.json"), "{half");
		await expect(StateStore.open(home, fresh)).rejects.toThrow("not JSON");
	});
});

describe("the configuration", () => {
	const write = (value: unknown) => writeFileSync(join(home, "agent.json"), JSON.stringify(value));
	it("takes the origin from the file or the command line", () => {
		write({ origin: "https://mivisus.com/x" });
		expect(readConfig(home, {}).origin).toBe("https://mivisus.com");
		expect(readConfig(home, { origin: "http://localhost:8080" }).origin).toBe("http://localhost:8080");
	});
	it.each([
		["no origin", {}, "No service is named"],
		["plain http to another machine", { origin: "http://mivisus.com" }, "plain http is allowed to this machine only"],
		["another scheme", { origin: "ftp://mivisus.com" }, "must be an address like https"],
		["an unknown key", { origin: "https://mivisus.com", camera: "rtsp://" }, "camera"],
		["a list", [], "one JSON object"],
	])("says what is wrong: %s", (_, content, message) => {
		write(content);
		expect(() => readConfig(home, {})).toThrow(ConfigError);
		expect(() => readConfig(home, {})).toThrow(message);
	});
	it("names the flag where the flag is wrong", () => {
		write({ origin: "https://mivisus.com" });
		expect(() => readConfig(home, { rtspTransport: "quic" })).toThrow("--transport: must be auto, tcp or udp");
	});
	it("has a folder by flag, by environment, by platform", () => {
		expect(agentHome("/a", { MIVISUS_AGENT_HOME: "/b" })).toBe("/a");
		expect(agentHome(undefined, { MIVISUS_AGENT_HOME: "/b" })).toBe("/b");
		expect(agentHome(undefined, {})).toContain("ivisus");
	});
});
