import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
	chownSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { fileKeys } from "./keys/file.ts";
import { keyStores } from "./keys/platform.ts";
import { KEY_BYTES, KeyError, type KeyStore } from "./keys/store.ts";
import { systemdKeys } from "./keys/systemd.ts";
import { AgentState } from "./state.ts";
import { StateVault } from "./vault.ts";

let home: string;
let credentials: string;
beforeEach(() => {
	home = mkdtempSync(join(tmpdir(), "mivisus-vault-"));
	credentials = mkdtempSync(join(tmpdir(), "mivisus-credentials-"));
	writeFileSync(join(credentials, "mivisus-agent-key"), randomBytes(KEY_BYTES));
});
afterEach(() => {
	for (const folder of [home, credentials]) rmSync(folder, { recursive: true });
});

const STATE: AgentState = {
	v: 1,
	identity: { signPrivate: "s3cretPrivat", signPublic: "bbbb", sealPrivate: "cccc", sealPublic: "dddd" },
	cameras: [{ id: "A".repeat(22), sealed: "hiddenBoxOne", sound: true }],
};
const path = () => join(home, "state.json");
const text = () => readFileSync(path(), "utf8");
const processEnds = () => {
	throw new Error("the process ended here");
};
const vault = (stores: readonly KeyStore[] = [fileKeys(home)]) => new StateVault(home, AgentState, stores);
const handed = () => keyStores(home, "linux", { CREDENTIALS_DIRECTORY: credentials });

describe("the sealed state", () => {
	it("says nothing of what is in it, is for its owner alone, and opens again", () => {
		vault().write(STATE);
		for (const secret of ["s3cret", "bbbb", "hiddenBoxOne", "A".repeat(22)]) expect(text()).not.toContain(secret);
		expect(statSync(path()).mode & 0o777).toBe(0o600);
		expect(statSync(join(home, "state.key")).mode & 0o777).toBe(0o600);
		expect(vault().read()).toEqual(STATE);
	});
	it("is sealed with another nonce each time", () => {
		const open = vault();
		open.write(STATE);
		const before = text();
		open.write(STATE);
		expect(text()).not.toBe(before);
	});
	it.each([
		["is gone", () => rmSync(join(home, "state.key")), /key of .*state\.json is gone.*state\.key beside it.*new link/],
		[
			"was exchanged",
			() => fileKeys(home).keep(randomBytes(KEY_BYTES)),
			/key of .*state\.json was exchanged.*state\.key beside it/,
		],
		["is cut", () => fileKeys(home).keep(randomBytes(KEY_BYTES - 1)), /key in .*state\.key is damaged/],
	])("whose key %s is said so, and left as it is", (_, harm, words) => {
		vault().write(STATE);
		const before = text();
		harm();
		expect(() => vault().read()).toThrow(KeyError);
		expect(() => vault().read()).toThrow(words);
		expect(text()).toBe(before);
	});
	it("in which one byte was changed, or the name of the store, is said to be damaged", () => {
		vault().write(STATE);
		const sealed = JSON.parse(text());
		const box = Buffer.from(sealed.box, "base64url");
		box[20] = box[20]! ^ 1;
		writeFileSync(path(), JSON.stringify({ ...sealed, box: box.toString("base64url") }));
		expect(() => vault().read()).toThrow("is damaged");
		const key = fileKeys(home).load()!;
		writeFileSync(join(credentials, "mivisus-agent-key"), key);
		writeFileSync(path(), JSON.stringify({ ...sealed, store: "systemd" }));
		expect(() => vault(handed()).read()).toThrow("is damaged");
	});
	it("of a later version of the agent is said so, and left as it is", () => {
		const Later = AgentState.extend({ cameras: z.array(z.object({ id: z.string() })) });
		new StateVault(home, Later, [fileKeys(home)]).write({ ...STATE, cameras: [{ id: "later" }] });
		const before = text();
		expect(() => vault().read()).toThrow(/another version of the agent \(cameras\.0\.id/);
		expect(text()).toBe(before);
	});
});

describe("a state that lay open", () => {
	beforeEach(() => writeFileSync(path(), JSON.stringify(STATE)));
	it("is sealed when it is opened the first time", () => {
		expect(vault().read()).toEqual(STATE);
		expect(text()).not.toContain("s3cret");
		expect(readdirSync(home).sort()).toEqual(["state.json", "state.key"]);
		expect(vault().read()).toEqual(STATE);
	});
	it("survives a crash after the key was kept: the same key is taken the next time", () => {
		const keep = (key: Buffer) => {
			fileKeys(home).keep(key);
			processEnds();
		};
		const crashing = { ...fileKeys(home), keep };
		expect(() => vault([crashing]).read()).toThrow("ended here");
		expect(JSON.parse(text())).toEqual(STATE);
		const kept = fileKeys(home).load();
		expect(vault().read()).toEqual(STATE);
		expect(fileKeys(home).load()).toEqual(kept);
	});
});

describe("a better place for the key", () => {
	it("is moved to when there is one, and the file with the old key goes", () => {
		vault().write(STATE);
		expect(vault(handed()).read()).toEqual(STATE);
		expect(existsSync(join(home, "state.key"))).toBe(false);
		expect(vault(handed()).read()).toEqual(STATE);
		// The same folder where systemd hands nothing over.
		expect(() => vault(keyStores(home, "linux", {})).read()).toThrow(
			/is gone.*credential mivisus-agent-key that systemd/,
		);
	});
	it("is moved to without loss when the process ends before the old key was forgotten", () => {
		vault().write(STATE);
		const [systemd] = handed();
		expect(() => vault([systemd!, { ...fileKeys(home), forget: processEnds }]).read()).toThrow("ended here");
		expect(existsSync(join(home, "state.key"))).toBe(true);
		expect(vault(handed()).read()).toEqual(STATE);
	});
	it("that does not work today keeps no agent from starting", () => {
		const locked: KeyStore = {
			name: "keychain",
			usable: true,
			load: () => {
				throw new KeyError("locked");
			},
			keep: () => {},
			forget: () => {},
		};
		vault([locked, fileKeys(home)]).write(STATE);
		expect(vault([locked, fileKeys(home)]).read()).toEqual(STATE);
		expect(() => vault([locked]).write(STATE)).toThrow("locked");
	});
});

describe("a credential of systemd", () => {
	it("of a wrong length is refused", () => {
		writeFileSync(join(credentials, "mivisus-agent-key"), "short");
		expect(() => handed()[0]!.load()).toThrow("must hold 32 bytes");
	});
	it("is no place for a key where none is handed over", () => {
		expect(keyStores(home, "linux", {}).map(({ name, usable }) => [name, usable])).toEqual([
			["systemd", false],
			["file", true],
		]);
		expect(keyStores(home, "linux", { CREDENTIALS_DIRECTORY: home })[0]!.usable).toBe(false);
	});
	const encrypt = (key: Buffer, to: string) =>
		spawnSync("systemd-creds", ["encrypt", "--name=mivisus-agent-key", "-", to], { input: key }).status === 0;
	it("is opened for root on the command line by systemd-creds itself", (context) => {
		const [key, sealed] = [randomBytes(KEY_BYTES), join(credentials, "sealed")];
		if (process.getuid?.() !== 0 || !encrypt(key, sealed)) context.skip("needs root and systemd-creds");
		expect(systemdKeys("/var/lib/mivisus-agent", {}, { sealed }).load()).toEqual(key);
		expect(systemdKeys(home, {}, { sealed }).usable).toBe(false);
		writeFileSync(sealed, "damaged");
		expect(() => systemdKeys("/var/lib/mivisus-agent", {}, { sealed }).load()).toThrow(/does not open.*on the machine/);
	});
});

it.skipIf(process.getuid?.() !== 0)(
	"root on the command line leaves the files to the service whose folder it is",
	() => {
		const service = join(home, "service");
		mkdirSync(service, { mode: 0o700 });
		chownSync(service, 12345, 12346);
		new StateVault(service, AgentState, [fileKeys(service)]).write(STATE);
		for (const name of ["state.json", "state.key"]) {
			const { uid, gid, mode } = statSync(join(service, name));
			expect([name, uid, gid, mode & 0o777]).toEqual([name, 12345, 12346, 0o600]);
		}
	},
);
