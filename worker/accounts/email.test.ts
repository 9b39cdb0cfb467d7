import { describe, expect, it } from "vitest";
import { deliverable, mailboxOf, parseEmail } from "./email.ts";

describe("an address", () => {
	it.each([
		"a@exa\u00admple.test",
		"a@exam\u200bple.test",
		"a@example.test\u202e",
		"a\u0000@example.test",
		"a@example.test:80",
		"a@127.0.0.1",
		"a@localhost",
		"@example.test",
		"a b@example.test",
	])("that no mail server would take, or that reads otherwise than it is, is refused: %j", (typed) =>
		expect(parseEmail(typed)).toBeUndefined(),
	);
	it("goes to mail servers with its domain in ASCII form, and its local part as typed", () => {
		expect(deliverable("Zoe.M@M\u00fcller.example")).toBe("Zoe.M@xn--mller-kva.example");
		expect(deliverable("Ada@Example.TEST")).toBe("Ada@example.test");
	});
	it("is one mailbox to the limits with whatever tag and dots, and another account still", () => {
		const keys = ["ada.lovelace@example.test", "adalovelace+1@example.test", "ada.love.lace+x+y@example.test"].map(
			(typed) => parseEmail(typed)?.key ?? "",
		);
		expect(new Set(keys.map(mailboxOf))).toEqual(new Set(["adalovelace@example.test"]));
		expect(new Set(keys).size).toBe(3);
	});
});
