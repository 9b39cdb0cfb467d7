import { expect, it } from "vitest";
import { race, type Way } from "./race.ts";

/** A way that the test opens or closes, and whether it was tried and given up. */
class TestWay implements Way<string> {
	tried = false;
	givenUp = false;
	open!: (value: string) => void;
	fail!: (error: Error) => void;
	readonly was: Promise<void>;
	#tried!: () => void;
	constructor() {
		this.was = new Promise((resolve) => {
			this.#tried = resolve;
		});
	}
	connect = (signal: AbortSignal) => {
		this.tried = true;
		signal.addEventListener("abort", () => {
			this.givenUp = true;
		});
		this.#tried();
		return new Promise<string>((open, fail) => {
			this.open = open;
			this.fail = fail;
		});
	};
}
const ways = () => [new TestWay(), new TestWay()] as const;
const none = () => {
	throw new Error("nothing was to be discarded");
};

it("the first way that answers at once is taken, and the second is never tried", async () => {
	const [first, second] = ways();
	const racing = race([first, second], none, { headStartMs: 20 });
	first.open("udp");
	expect(await racing).toEqual({ value: "udp", way: 0 });
	await new Promise((resolve) => setTimeout(resolve, 40));
	expect(second.tried).toBe(false);
});
it("a way that fails lets the next one begin at once", async () => {
	const [first, second] = ways();
	const racing = race([first, second], none, { headStartMs: 60_000 });
	first.fail(new Error("no UDP"));
	await second.was;
	second.open("tcp");
	expect(await racing).toEqual({ value: "tcp", way: 1 });
});
it("one that says nothing is overtaken, given up, and discarded when it comes at last", async () => {
	const [first, second] = ways();
	const late: string[] = [];
	const racing = race([first, second], (value) => late.push(value), { headStartMs: 5 });
	await second.was;
	second.open("tcp");
	expect(await racing).toEqual({ value: "tcp", way: 1 });
	expect(first.givenUp).toBe(true);
	first.open("udp");
	await null;
	await null;
	expect(late).toEqual(["udp"]);
});
it("says why the last one failed where none leads there", async () => {
	const [first, second] = ways();
	const racing = race([first, second], none, { headStartMs: 5 });
	await second.was;
	second.fail(new Error("no TCP"));
	first.fail(new Error("no UDP"));
	await expect(racing).rejects.toThrow("no UDP");
});
it("ends when it is given up, before it began or in the middle", async () => {
	const [first, second] = ways();
	await expect(race([first, second], none, { signal: AbortSignal.abort(new Error("gone")) })).rejects.toThrow("gone");
	expect(first.tried).toBe(false);
	const leaving = new AbortController();
	const racing = race([first, second], none, { signal: leaving.signal });
	leaving.abort(new Error("gone"));
	await expect(racing).rejects.toThrow("gone");
	expect(first.givenUp).toBe(true);
});
