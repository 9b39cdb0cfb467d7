import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { MAX_PAGE_SESSIONS, PAGE_LINK_MS, PAGE_SESSION_MS } from "../limits.ts";

const random = () => randomBytes(32).toString("base64url");
const hash = (text: string) => createHash("sha256").update(text).digest();

/** What one browser holds: the cookie goes with each request, the key only where the page's own script puts it. */
export interface PageSession {
	cookie: string;
	key: string;
}
/** What a request brings of it. */
type Claimed = { [part in keyof PageSession]: string | undefined };

/**
 * Who may use the agent's own page. A link works once and shortly, so one that a log has kept is worth nothing. A cookie
 * alone does not do: browsers send it to every port of this machine, so to any other program's page as well.
 */
export class PageAccess {
	#now: () => number;
	#links = new Map<string, number>();
	#sessions: { cookie: Buffer; key: Buffer; untilMs: number }[] = [];

	/** `now`: ms since 1970. */
	constructor(now: () => number) {
		this.#now = now;
	}
	/** The secret of a new link. Those before it stay good for their time. */
	mint(): string {
		const secret = random();
		const nowMs = this.#now();
		for (const [other, untilMs] of this.#links) if (untilMs <= nowMs) this.#links.delete(other);
		this.#links.set(hash(secret).toString("hex"), nowMs + PAGE_LINK_MS);
		return secret;
	}
	/** Takes a link's secret, once; nothing for one that is unknown, used or too old. */
	exchange(secret: string): PageSession | undefined {
		const name = hash(secret).toString("hex");
		const untilMs = this.#links.get(name);
		this.#links.delete(name);
		const nowMs = this.#now();
		if (untilMs === undefined || untilMs <= nowMs) return undefined;
		const session = { cookie: random(), key: random() };
		const kept = { cookie: hash(session.cookie), key: hash(session.key), untilMs: nowMs + PAGE_SESSION_MS };
		this.#sessions = [...this.#sessions, kept].slice(-MAX_PAGE_SESSIONS);
		return session;
	}
	/** Whether cookie and key belong together and are still good. */
	knows(session: Claimed): boolean {
		return this.#find(session) !== undefined;
	}
	/** Closes the page in that browser. */
	end(session: Claimed): void {
		const found = this.#find(session);
		this.#sessions = this.#sessions.filter((other) => other !== found);
	}
	#find({ cookie, key }: Claimed) {
		if (cookie === undefined || key === undefined) return undefined;
		const [given, with_] = [hash(cookie), hash(key)];
		const nowMs = this.#now();
		return this.#sessions.find(
			(session) =>
				session.untilMs > nowMs && timingSafeEqual(session.cookie, given) && timingSafeEqual(session.key, with_),
		);
	}
}
