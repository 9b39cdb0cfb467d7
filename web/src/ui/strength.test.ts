import { describe, expect, it } from "vitest";
import { score } from "./estimator.ts";
import { strengthOf } from "./strength.ts";

describe("a new password in words", () => {
	it.each([
		["", "password.hint", false],
		["short", "password.short", false],
		["password123456", "password.guessable", false],
		["Camille Martin 1", "password.guessable", false],
		["twelve-chars", "password.fair", true],
		["tr0ub4dor&3", "password.fair", true],
		["a calm sentence, not a word", "password.strong", true],
		["é".repeat(257), "password.long", false],
	])("%j: %s", (password, key, taken) => {
		expect(strengthOf(password, ["Camille Martin", "camille@example.test"], score)).toMatchObject({ key, taken });
	});
	it("says how many characters are missing, as people count them", () => {
		expect(strengthOf("e\u0301a", [], score).missing).toBe(10);
	});
});
