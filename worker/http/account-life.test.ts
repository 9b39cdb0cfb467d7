import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scaled } from "../../test/scale.ts";
import { until } from "./testing/parties.ts";
import { type Answered, cookieOf, PASSWORD, TestWorker } from "./testing/server.ts";

let worker: TestWorker;
beforeAll(async () => {
	worker = await TestWorker.start({ MIVISUS_PROXIES: "1" });
});
afterAll(() => worker.close());

/** Each test speaks from a network of its own, so that none slows another down. */
let network = 0;
const from = () => ({ "x-forwarded-for": `203.0.113.${++network}` });
const post = (path: string, body: unknown, cookie?: string): Promise<Answered> =>
	worker.call("POST", path, { body, cookie, headers: from() });
const signIn = (email: string, password = PASSWORD) => post("/session", { email, password, label: "Firefox, Linux" });
const subjects = (to: string, since = 0) =>
	worker.mailbox.mails.slice(since).flatMap((mail) => (mail.to === to ? [mail.subject] : []));
const visible = ({ status, text, headers }: Answered) => ({
	status,
	text,
	headers: [...headers].filter(([name]) => name !== "date").sort(),
});
/** More than the hash lets wait at once: the rest are told to come again. */
const RACERS = scaled(20, 50);
const NEW_PASSWORD = "another calm sentence";

describe("confirming the address", () => {
	it("P03: nobody signs in before; with the link and the password it is done at once, and once only", async () => {
		await worker.signUp("p03@example.test");
		const token = await worker.mailed("p03@example.test", "/confirm");
		const early = await signIn("p03@example.test");
		expect(early.problem).toBe("wrong-credentials");
		expect(visible(early)).toEqual(visible(await signIn("p03@example.test", "a wrong password")));
		const confirm = (password = PASSWORD) => post("/accounts/confirm", { token, password });
		expect((await confirm("a wrong password")).problem).toBe("wrong-credentials");
		const confirmed = await confirm();
		expect(confirmed.json).toMatchObject({ account: { email: "p03@example.test", state: "active" } });
		expect((await worker.call("GET", "/session", { cookie: cookieOf(confirmed.headers) })).status).toBe(200);
		expect((await confirm()).problem).toBe("link-unusable");
		expect((await signIn("p03@example.test")).status).toBe(200);
	});
	it("A01: fetching the pages of a link, and whatever else but the form, uses nothing up", async () => {
		await worker.signUp("a01@example.test");
		const token = await worker.mailed("a01@example.test", "/confirm");
		for (const method of ["GET", "HEAD"]) {
			for (const path of ["/accounts/confirm", `/accounts/confirm?token=${token}`, `/accounts/confirm/${token}`])
				expect((await worker.call(method, path, { origin: null })).status).toBe(404);
		}
		await worker.get(`/confirm?token=${token}`);
		expect((await post("/accounts/confirm", { token, password: PASSWORD })).status).toBe(200);
	});
	it("A01: a newer mail voids the link of the older one", async () => {
		await worker.signUp("newer@example.test");
		const first = await worker.mailed("newer@example.test", "/confirm");
		const since = worker.mailbox.mails.length;
		expect((await post("/confirmations", { email: " NEWER@example.test" })).status).toBe(202);
		await worker.mailbox.wait(({ to }) => to.toLowerCase().trim() === "newer@example.test", since);
		const second = /confirm#(\S+)/.exec(worker.mailbox.mails.at(-1)?.text ?? "")?.[1];
		expect(second).not.toBe(first);
		expect((await post("/accounts/confirm", { token: first, password: PASSWORD })).problem).toBe("link-unusable");
		expect((await post("/accounts/confirm", { token: second, password: PASSWORD })).status).toBe(200);
	});
	it("whoever signs up with somebody else's address gets in with neither half", async () => {
		const victim = "victim@example.test";
		await worker.signUp(victim, "the attacker's password");
		const bait = await worker.mailed(victim, "/confirm");
		// The owner of the address uses the link with the password that they would have chosen: nothing.
		expect((await post("/accounts/confirm", { token: bait, password: PASSWORD })).problem).toBe("wrong-credentials");
		const since = worker.mailbox.mails.length;
		await worker.signUp(victim);
		const own = await worker.mailed(victim, "/confirm", since);
		expect((await post("/accounts/confirm", { token: own, password: "the attacker's password" })).problem).toBe(
			"wrong-credentials",
		);
		expect((await post("/accounts/confirm", { token: own, password: PASSWORD })).status).toBe(200);
		expect((await signIn(victim, "the attacker's password")).problem).toBe("wrong-credentials");
	});
	it("A2: a taken address learns it by mail, a stranger learns nothing", async () => {
		await worker.person("taken@example.test");
		const since = worker.mailbox.mails.length;
		const [taken, free] = [await worker.signUp("taken@example.test"), await worker.signUp("free@example.test")];
		expect(visible(taken)).toEqual(visible(free));
		await worker.mailbox.wait(({ to }) => to === "taken@example.test", since);
		expect(subjects("taken@example.test", since)).toEqual(["You have a Mivisus account already"]);
		// Nor by signing in afterwards with the password of that sign-up.
		const mine = "a stranger's own password";
		for (const email of ["taken@example.test", "never-seen@example.test"]) await worker.signUp(email, mine);
		expect(visible(await signIn("taken@example.test", mine))).toEqual(
			visible(await signIn("never-seen@example.test", mine)),
		);
		const [asked, unasked] = [
			await post("/confirmations", { email: "free@example.test" }),
			await post("/confirmations", { email: "nobody@example.test" }),
		];
		expect(visible(asked)).toEqual(visible(unasked));
	});
	it("mails that anybody may cause are few, for every address alike", async () => {
		for (const email of ["nobody-at-all@example.test", "taken@example.test"]) {
			const statuses = [];
			for (let i = 0; i < 7; i++) statuses.push((await post("/password-resets", { email })).status);
			expect(statuses.filter((status) => status === 429).length, email).toBeGreaterThanOrEqual(2);
			expect(statuses[0]).toBe(202);
		}
		await until(() => subjects("taken@example.test").length >= 4);
		expect(subjects("nobody-at-all@example.test")).toEqual([]);
	});
});

describe("what one network may cause", () => {
	it("is few mails, however many addresses it names; tags and dots make no new mailbox", async () => {
		const ask = (email: string, address: string) =>
			worker.call("POST", "/password-resets", { body: { email }, headers: { "x-forwarded-for": address } });
		const listed = [];
		for (let i = 0; i < 30; i++) listed.push((await ask(`listed-${i}@example.test`, "192.0.2.77")).status);
		expect(listed.filter((status) => status === 202).length).toBeLessThanOrEqual(21);
		expect((await ask("listed-29@example.test", "192.0.2.78")).status).toBe(202);
		const tagged = [];
		for (let i = 0; i < 8; i++) tagged.push((await ask(`one.box+${i}@example.test`, `192.0.2.${100 + i}`)).status);
		expect(tagged.filter((status) => status === 429).length).toBeGreaterThanOrEqual(3);
	});
});

describe("the network of somebody who got in", () => {
	it("A3: by the confirmation counts as the owner's from then on, though others guess", async () => {
		const email = "at-home@example.test";
		const home = { "x-forwarded-for": "192.0.2.99" };
		await worker.signUp(email);
		const body = { token: await worker.mailed(email, "/confirm"), password: PASSWORD };
		expect((await worker.call("POST", "/accounts/confirm", { body, headers: home })).status).toBe(200);
		await Promise.all(Array.from({ length: 40 }, (_, i) => signIn(email, `guess number ${i}`)));
		expect((await signIn(email)).status).toBe(429);
		const credentials = { email, password: PASSWORD, label: "Firefox, Linux" };
		expect((await worker.call("POST", "/session", { body: credentials, headers: home })).status).toBe(200);
	});
});

describe("a new password", () => {
	it("P05, 04.3: by mail: once, every session ends, the owner is told, the address is proved by it", async () => {
		const email = "reset@example.test";
		await worker.signUp(email, "a password nobody remembers");
		await worker.mailed(email, "/confirm");
		const since = worker.mailbox.mails.length;
		expect((await post("/password-resets", { email })).status).toBe(202);
		const token = await worker.mailed(email, "/reset", since);
		const complete = (password: string) => post("/password-resets/complete", { token, password });
		expect((await complete("short")).problem).toBe("password-too-short");
		expect((await complete("reset@example.test")).problem).toBe("password-guessable");
		expect((await complete(PASSWORD)).status).toBe(204);
		expect((await complete(PASSWORD)).problem).toBe("link-unusable");
		const session = await signIn(email);
		expect(session.json).toMatchObject({ account: { state: "active" } });
		const cookie = cookieOf(session.headers);

		const later = worker.mailbox.mails.length;
		await post("/password-resets", { email });
		const again = await worker.mailed(email, "/reset", later);
		expect((await worker.call("GET", "/session", { cookie })).status).toBe(200);
		expect((await post("/password-resets/complete", { token: again, password: NEW_PASSWORD })).status).toBe(204);
		expect((await worker.call("GET", "/session", { cookie })).problem).toBe("unauthorized");
		expect((await signIn(email)).problem).toBe("wrong-credentials");
		expect((await signIn(email, NEW_PASSWORD)).status).toBe(200);
		await until(() => subjects(email, later).includes("Your Mivisus password was reset"));
	});
	it("A2: asking looks the same for known and unknown addresses", async () => {
		await worker.person("known@example.test");
		const [known, unknown] = [
			await post("/password-resets", { email: "known@example.test" }),
			await post("/password-resets", { email: "unknown@example.test" }),
		];
		expect(visible(known)).toEqual(visible(unknown));
	});
	it(`A8: of ${RACERS} people who use a link at the same instant exactly one succeeds; a link is for one purpose`, async () => {
		const email = "race@example.test";
		await worker.person(email);
		for (let round = 0; round < scaled(2, 100); round++) {
			// Limits on mails are another test's business: each round is another address of the same shape.
			const racer = round === 0 ? email : `race-${round}@example.test`;
			if (round > 0) await worker.person(racer);
			const since = worker.mailbox.mails.length;
			await post("/password-resets", { email: racer });
			const token = await worker.mailed(racer, "/reset", since);
			expect((await post("/accounts/confirm", { token, password: PASSWORD })).problem).toBe("link-unusable");
			expect((await post("/account/email/confirm", { token })).problem).toBe("link-unusable");
			const body = { token, password: NEW_PASSWORD };
			const answers = await Promise.all(Array.from({ length: RACERS }, () => post("/password-resets/complete", body)));
			expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
			for (const { status, problem } of answers.filter((answer) => answer.status !== 204))
				expect(["410 link-unusable", "503 busy"]).toContain(`${status} ${problem}`);
			const notices = () => subjects(racer).filter((subject) => subject === "Your Mivisus password was reset");
			await until(() => notices().length > 0);
			expect(notices()).toHaveLength(1);
		}
	}, 1_800_000);
	it.each(["", "x", "A".repeat(43), "..", "null"])("A8: the link %j opens nothing", async (token) => {
		for (const [path, body] of [
			["/accounts/confirm", { token, password: PASSWORD }],
			["/password-resets/complete", { token, password: NEW_PASSWORD }],
			["/account/email/confirm", { token }],
		] as const) {
			expect(["malformed", "link-unusable"], path).toContain((await post(path, body)).problem);
		}
	});
	it("A5, T08: by the signed-in owner: needs the old one, ends every other session here and at the relay, and tells by mail", async () => {
		const email = "change@example.test";
		const { cookie } = await worker.person(email);
		const other = cookieOf((await signIn(email)).headers);
		const change = (current: string, password: string) => post("/account/password", { current, password }, cookie);
		expect((await change("not the password", NEW_PASSWORD)).problem).toBe("wrong-credentials");
		expect((await change(PASSWORD, "password1234")).problem).toBe("password-guessable");
		const heard = worker.control.heard.length;
		const changed = await change(PASSWORD, NEW_PASSWORD);
		expect(changed.status).toBe(204);
		expect((await worker.call("GET", "/session", { cookie: other })).problem).toBe("unauthorized");
		// The cookie was renewed: the one before is worth nothing either.
		expect((await worker.call("GET", "/session", { cookie })).problem).toBe("unauthorized");
		expect((await worker.call("GET", "/session", { cookie: cookieOf(changed.headers) })).status).toBe(200);
		await until(() => worker.control.heard.slice(heard).some(({ ref }) => ref.startsWith("session:")));
		await until(() => subjects(email).includes("Your Mivisus password was changed"));
	});
});

describe("the address", () => {
	it("07.2: changes when the new one is confirmed, and the old one is told both times", async () => {
		const { cookie } = await worker.person("old@example.test");
		await post("/password-resets", { email: "old@example.test" });
		const stale = await worker.mailed("old@example.test", "/reset");
		expect((await post("/account/email", { email: "new@example.test" }, cookie)).status).toBe(202);
		const token = await worker.mailed("new@example.test", "/confirm-address");
		await until(() => subjects("old@example.test").includes("A new address was asked for your Mivisus account"));
		expect((await worker.call("GET", "/session", { cookie })).json).toMatchObject({
			account: { email: "old@example.test" },
		});
		// Strangers do not learn whose account it is.
		const asked = worker.mailbox.mails.find(({ to }) => to === "new@example.test");
		expect(`${asked?.text}${asked?.html}`).not.toMatch(/Ada Test|old@example/);
		expect((await post("/account/email/confirm", { token })).status).toBe(204);
		expect((await post("/account/email/confirm", { token })).problem).toBe("link-unusable");
		expect((await worker.call("GET", "/session", { cookie })).json).toMatchObject({
			account: { email: "new@example.test" },
		});
		await until(() => subjects("old@example.test").includes("The address of your Mivisus account was changed"));
		expect((await signIn("old@example.test")).problem).toBe("wrong-credentials");
		expect((await signIn("new@example.test")).status).toBe(200);
		// A link that still lies in the old mailbox opens nothing any more.
		expect((await post("/password-resets/complete", { token: stale, password: NEW_PASSWORD })).problem).toBe(
			"link-unusable",
		);
	});
	it("of somebody else cannot be taken, and asking does not tell whose it is", async () => {
		const { cookie } = await worker.person("greedy@example.test");
		await worker.person("owner@example.test");
		const since = worker.mailbox.mails.length;
		const [theirs, free] = [
			await post("/account/email", { email: "OWNER@example.test" }, cookie),
			await post("/account/email", { email: "nobodys@example.test" }, cookie),
		];
		expect(visible(theirs)).toEqual(visible(free));
		await worker.mailbox.wait(({ to }) => to === "OWNER@example.test", since);
		expect(subjects("OWNER@example.test", since)).toEqual(["This address has a Mivisus account already"]);
		// Free when it was asked, taken when it is confirmed.
		const token = await worker.mailed("nobodys@example.test", "/confirm-address");
		await worker.person("nobodys@example.test");
		expect((await post("/account/email/confirm", { token })).problem).toBe("link-unusable");
		expect((await worker.call("GET", "/session", { cookie })).json).toMatchObject({
			account: { email: "greedy@example.test" },
		});
	});
});

describe("who got in once", () => {
	it("does not take the account away after a reset, or after the password was changed: an address asked for before is void", async () => {
		for (const way of ["reset", "change"]) {
			const email = `taken-over-${way}@example.test`;
			const evil = `evil-${way}@example.test`;
			const { cookie } = await worker.person(email);
			await post("/account/email", { email: evil }, cookie);
			const token = await worker.mailed(evil, "/confirm-address");
			if (way === "reset") {
				await post("/password-resets", { email });
				const body = { token: await worker.mailed(email, "/reset"), password: NEW_PASSWORD };
				expect((await post("/password-resets/complete", body)).status).toBe(204);
			} else await post("/account/password", { current: PASSWORD, password: NEW_PASSWORD }, cookie);
			expect((await post("/account/email/confirm", { token })).problem, way).toBe("link-unusable");
			expect((await signIn(email, NEW_PASSWORD)).status, way).toBe(200);
		}
	});
	it("nobody from outside stops the owner: neither the reset by other mails, nor the proof by guesses", async () => {
		const email = "besieged-owner@example.test";
		const { cookie } = await worker.person(email);
		for (let i = 0; i < 8; i++) await post("/confirmations", { email });
		expect((await post("/confirmations", { email })).status).toBe(429);
		expect((await post("/password-resets", { email })).status).toBe(202);
		await Promise.all(Array.from({ length: 40 }, (_, i) => signIn(email, `guess number ${i}`)));
		expect((await signIn(email)).status).toBe(429);
		expect((await post("/session/proof", { password: PASSWORD }, cookie)).status).toBe(204);
	});
	it("one account does not write to many strangers", async () => {
		const { cookie } = await worker.person("cannon@example.test");
		const statuses = [];
		for (let i = 0; i < 8; i++)
			statuses.push((await post("/account/email", { email: `stranger-${i}@example.test` }, cookie)).status);
		expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(3);
	});
	it("a reset asked for in another spelling goes to the address that was proved", async () => {
		await worker.person("spelling@example.test");
		const since = worker.mailbox.mails.length;
		await post("/password-resets", { email: "SPELLING@Example.Test" });
		await worker.mailed("spelling@example.test", "/reset", since);
		expect(worker.mailbox.mails.slice(since).map(({ to }) => to)).not.toContain("SPELLING@Example.Test");
	});
});

describe("name and language", () => {
	it("07.2: are changed by their owner, and mails follow", async () => {
		const { cookie } = await worker.person("name@example.test");
		const patch = (body: unknown) => worker.call("PATCH", "/account", { body, cookie });
		expect((await patch({ fullName: "Zoé Ångström", language: "fr" })).status).toBe(204);
		expect((await patch({})).problem).toBe("malformed");
		for (const odd of [" ", "Zo\u0000\u00e9", "a\nb", "\ud800", "x".repeat(201)])
			expect((await patch({ fullName: odd })).problem, JSON.stringify(odd)).toBe("malformed");
		expect((await patch({ state: "erased" })).problem).toBe("malformed");
		expect((await worker.call("GET", "/session", { cookie })).json).toMatchObject({
			account: { fullName: "Zoé Ångström", language: "fr" },
		});
		await post("/password-resets", { email: "name@example.test" });
		const { subject, text } = await worker.mailbox.wait(({ subject }) => subject.startsWith("Choisissez"));
		expect(subject).toBe("Choisissez un nouveau mot de passe pour Mivisus");
		expect(text).toContain("Bonjour Zoé Ångström,");
	});
});

describe("sessions", () => {
	it("02.7, T08, A5: are listed coarsely, ended one by one or all others, and never somebody else's", async () => {
		const { cookie } = await worker.person("sessions@example.test");
		const [second, third] = [await signIn("sessions@example.test"), await signIn("sessions@example.test")].map(
			({ headers }) => cookieOf(headers),
		);
		type Listed = { id: string; label: string; current: boolean; lastUsedDay: string };
		const list = async () => (await worker.call("GET", "/sessions", { cookie })).json?.["sessions"] as Listed[];
		const sessions = await list();
		expect(sessions).toHaveLength(3);
		expect(sessions.filter(({ current }) => current)).toHaveLength(1);
		for (const session of sessions) {
			expect(Object.keys(session).sort()).toEqual(["createdAtMs", "current", "id", "label", "lastUsedDay"]);
			expect(session.lastUsedDay).toBe(new Date().toISOString().slice(0, 10));
		}
		expect(sessions[0]?.label).toBe("Firefox, Linux");

		const eve = await worker.person("eve-sessions@example.test");
		const foreign = await worker.call("DELETE", `/sessions/${sessions[0]?.id}`, { cookie: eve.cookie });
		const absent = await worker.call("DELETE", `/sessions/${"A".repeat(22)}`, { cookie: eve.cookie });
		expect(visible(foreign)).toEqual(visible(absent));
		expect(foreign.problem).toBe("not-found");

		expect((await worker.call("DELETE", `/sessions/${sessions[0]?.id}`, { cookie })).status).toBe(204);
		expect((await worker.call("GET", "/session", { cookie: third })).problem).toBe("unauthorized");
		expect((await worker.call("GET", "/session", { cookie: second })).status).toBe(200);
		expect((await worker.call("DELETE", "/sessions", { cookie })).status).toBe(204);
		expect((await worker.call("GET", "/session", { cookie: second })).problem).toBe("unauthorized");
		expect((await list()).map(({ current }) => current)).toEqual([true]);
		expect((await worker.call("GET", "/session", { cookie: eve.cookie })).status).toBe(200);
	});
});

it("A5: each way a session ends is heard by the relay within 5 s, and no request passes once the answer is there", async () => {
	let [email, cookie] = ["", ""];
	for (let trial = 0; trial < scaled(4, 200); trial++) {
		// One account takes few sign-ins from networks that it does not know.
		if (trial % 8 === 0) {
			email = `ends-${trial}@example.test`;
			({ cookie } = await worker.person(email));
		}
		const other = cookieOf((await signIn(email)).headers);
		const { sessions } = (await worker.call("GET", "/sessions", { cookie })).json as {
			sessions: { id: string; current: boolean }[];
		};
		const ended = sessions.find(({ current }) => !current)?.id;
		const began = Date.now();
		if (trial % 4 === 0) await worker.call("DELETE", "/session", { cookie: other });
		else if (trial % 4 === 1) await worker.call("DELETE", `/sessions/${ended}`, { cookie });
		else if (trial % 4 === 2) await worker.call("DELETE", "/sessions", { cookie });
		else
			cookie = cookieOf((await post("/account/password", { current: PASSWORD, password: PASSWORD }, cookie)).headers);
		expect((await worker.call("GET", "/session", { cookie: other })).problem).toBe("unauthorized");
		await until(() => worker.control.heard.some(({ ref }) => ref === `session:${ended}`), 5000);
		expect(Date.now() - began).toBeLessThan(5000);
	}
}, 1_800_000);

describe("what stands in the database", () => {
	it("02.13: of a mailed link a hash only, and of a mail that was sent nothing", async () => {
		const email = "stored@example.test";
		await worker.signUp(email);
		const token = await worker.mailed(email, "/confirm");
		const { createClient } = await import("@libsql/client");
		const client = createClient({ url: `file:${worker.folder}/worker.db` });
		await until(async () => (await client.execute("SELECT * FROM outbox WHERE state = 'waiting'")).rows.length === 0);
		const links = JSON.stringify((await client.execute("SELECT * FROM links")).rows);
		expect(links).toContain(createHash("sha256").update(token).digest("base64url"));
		expect(links).not.toContain(token);
		client.close();
		expect(worker.output).not.toContain(token);
		expect(worker.output).toContain("Confirm your address for Mivisus");
		expect(worker.output).not.toContain(email);
	});
});
