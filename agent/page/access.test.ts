import { expect, it } from "vitest";
import { MAX_PAGE_SESSIONS, PAGE_LINK_MS, PAGE_SESSION_MS } from "../limits.ts";
import { PageAccess } from "./access.ts";

let nowMs = 1_000_000;
const fresh = () => new PageAccess(() => nowMs);

it("a link works once, to its last millisecond and no longer; each of several works by itself", () => {
	const access = fresh();
	const [one, two] = [access.mint(), access.mint()];
	expect(one).not.toBe(two);
	nowMs += PAGE_LINK_MS - 1;
	expect(access.exchange(one)).toBeDefined();
	expect(access.exchange(one)).toBeUndefined();
	nowMs += 1;
	expect(access.exchange(two)).toBeUndefined();
	expect(access.exchange("")).toBeUndefined();
});
it("cookie and key count together, and not with those of another browser", () => {
	const access = fresh();
	const [a, b] = [access.exchange(access.mint())!, access.exchange(access.mint())!];
	expect(access.knows(a)).toBe(true);
	expect(access.knows({ cookie: a.cookie, key: b.key })).toBe(false);
	expect(access.knows({ cookie: a.cookie, key: undefined })).toBe(false);
	expect(access.knows({ cookie: undefined, key: a.key })).toBe(false);
	expect(access.knows({ cookie: a.key, key: a.cookie })).toBe(false);
	access.end(a);
	expect([access.knows(a), access.knows(b)]).toEqual([false, true]);
});
it("the page closes after its time, however much it is used", () => {
	const access = fresh();
	const session = access.exchange(access.mint())!;
	nowMs += PAGE_SESSION_MS - 1;
	expect(access.knows(session)).toBe(true);
	nowMs += 1;
	expect(access.knows(session)).toBe(false);
});
it(`open in ${MAX_PAGE_SESSIONS} browsers; the next one closes the oldest`, () => {
	const access = fresh();
	const all = Array.from({ length: MAX_PAGE_SESSIONS }, () => access.exchange(access.mint())!);
	expect(access.knows(all[0]!)).toBe(true);
	access.exchange(access.mint());
	expect(all.map((session) => access.knows(session))).toEqual([false, ...all.slice(1).map(() => true)]);
});
