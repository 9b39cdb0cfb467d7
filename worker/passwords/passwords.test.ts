import { describe, expect, it } from "vitest";
import { type Kdf, Passwords, PasswordsBusy } from "./passwords.ts";

/** A hash that ends when the test says so, and how many run at once. */
function held() {
	const running: (() => void)[] = [];
	const work = { most: 0, now: 0, finish: () => running.shift()?.() };
	const kdf: Kdf = async (_password, _salt, _cost, bytes) => {
		work.now += 1;
		work.most = Math.max(work.most, work.now);
		await new Promise<void>((resolve) => running.push(resolve));
		work.now -= 1;
		return new Uint8Array(bytes);
	};
	return { work, passwords: new Passwords(kdf, (bytes) => crypto.getRandomValues(new Uint8Array(bytes))) };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("A2: while more people sign in than can be checked", () => {
	it("the refusal of one moment does not tell for ever which addresses have no account", async () => {
		const { work, passwords } = held();
		const crowd = Array.from({ length: 22 }, () => passwords.hash("correct horse battery"));
		await expect(passwords.verify("x", undefined)).rejects.toBeInstanceOf(PasswordsBusy);
		for (let n = 0; n < 22; n++) {
			work.finish();
			await settled();
		}
		await Promise.all(crowd);
		const asked = passwords.verify("x", undefined);
		await settled();
		work.finish();
		expect(await asked).toEqual({ valid: false, outdated: false });
	});
	it("a first sign-in to a known account is refused, and no rejection is left without somebody to catch it", async () => {
		const unheard: unknown[] = [];
		const hear = (error: unknown) => unheard.push(error);
		const others = process.listeners("unhandledRejection");
		process.removeAllListeners("unhandledRejection").on("unhandledRejection", hear);
		const { work, passwords } = held();
		const hashed = passwords.hash("correct horse battery");
		work.finish();
		const hash = await hashed;
		const crowd = Array.from({ length: 22 }, () => passwords.hash("correct horse battery"));
		await expect(passwords.verify("x", hash)).rejects.toBeInstanceOf(PasswordsBusy);
		await settled();
		process.off("unhandledRejection", hear);
		for (const other of others) process.on("unhandledRejection", other);
		expect(unheard).toEqual([]);
		for (let n = 0; n < 22; n++) {
			work.finish();
			await settled();
		}
		await Promise.all(crowd);
	});
	it("an unknown address costs one hash from the first time on, as a known one does", async () => {
		const { work, passwords } = held();
		const asked = passwords.verify("x", undefined);
		await settled();
		expect(work.now).toBe(1);
		work.finish();
		await asked;
	});
	it("never more than two are checked at once, also when one comes as another ends", async () => {
		const { work, passwords } = held();
		const all = Array.from({ length: 6 }, () => passwords.hash("correct horse battery"));
		for (let n = 0; n < 12; n++) {
			work.finish();
			// In the very turn in which a place becomes free.
			queueMicrotask(() => all.length < 12 && all.push(passwords.hash("correct horse battery")));
			await settled();
		}
		while (work.now > 0) {
			work.finish();
			await settled();
		}
		await Promise.all(all);
		expect(work.most).toBe(2);
	});
});
