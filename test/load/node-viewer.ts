import { connectHttp3 } from "@mivisus/transport/http3/client";
import { connectTcp } from "@mivisus/transport/tcp/client";
import { fromBase64Url } from "@mivisus/wire/ids";
import type { RelayGrant } from "../../web/src/api/answers.ts";
import { Feed } from "../../web/src/watch/feed.ts";
import { Link } from "../../web/src/watch/link.ts";
import { RelaySession } from "../../web/src/watch/relay-session.ts";

/** How often the page's worker looks at its link, ms. */
const TICK_MS = 250;

/** The viewer of the page as far as it is not a browser: its link, sessions and feeds on Node, for one camera. */
export class NodeViewer {
	frames = 0;
	/** Between two pictures, ms, the longest so far; from the first picture on. */
	longestGapMs = 0;
	/** Sessions opened. */
	sessions = 0;
	#camera: string;
	#link: Link<RelaySession>;
	#feeds = new Map<RelaySession, Feed>();
	#active: RelaySession | undefined;
	#lastMs: number | undefined;
	#seen: () => void = () => {};
	#timer: ReturnType<typeof setInterval>;

	constructor(camera: string, grant: () => Promise<RelayGrant>, transport: "http3" | "tcp") {
		this.#camera = camera;
		this.#link = new Link<RelaySession>({
			open: async () => {
				const { token, url, tcpUrl, certificateHashes, untilMs } = await grant();
				const target = new URL(transport === "tcp" ? (tcpUrl ?? "") : url);
				target.searchParams.set("jwt", token);
				const session = await (transport === "tcp"
					? connectTcp(target)
					: connectHttp3(target, { certificateHashes: certificateHashes.map(fromBase64Url) }));
				this.sessions += 1;
				return RelaySession.open(session, token, untilMs, () => ({}));
			},
			changed: () => this.#sync(),
			now: Date.now,
		});
		this.#timer = setInterval(() => {
			this.#link.tick();
			for (const feed of this.#feeds.values()) feed.tick();
		}, TICK_MS);
		this.#link.tick();
	}
	/** Resolves with the next picture. */
	picture(): Promise<void> {
		return new Promise((resolve) => {
			this.#seen = resolve;
		});
	}
	/** Forgets the gaps so far. */
	reset(): void {
		this.longestGapMs = 0;
	}
	/** Since the last picture, ms, or the longest gap before it. */
	gapMs(): number {
		return Math.max(this.longestGapMs, this.#lastMs === undefined ? 0 : performance.now() - this.#lastMs);
	}
	close(): void {
		clearInterval(this.#timer);
		this.#link.close();
		this.#sync();
	}
	#sync(): void {
		const sessions = [this.#link.main, this.#link.spare].filter((session) => session !== undefined);
		for (const [session, feed] of this.#feeds) {
			if (sessions.includes(session)) continue;
			feed.close();
			this.#feeds.delete(session);
		}
		for (const session of sessions) if (!this.#feeds.has(session)) this.#feeds.set(session, this.#feed(session));
	}
	#feed(session: RelaySession): Feed {
		return new Feed(
			session,
			{ camera: this.#camera, small: false },
			{
				announced: () => {},
				catalog: () => {},
				catalogFault: (words) => {
					throw new Error(words);
				},
				video: (_, key) => this.#video(session, key),
				audio: () => {},
				behindMs: () => 0,
			},
		);
	}
	#video(session: RelaySession, key: boolean): void {
		// As view.ts does: a new session takes over with a key picture, and for good.
		if (session !== this.#active && (!key || session.leaving)) return;
		this.#active = session;
		const nowMs = performance.now();
		if (this.#lastMs !== undefined) this.longestGapMs = Math.max(this.longestGapMs, nowMs - this.#lastMs);
		this.#lastMs = nowMs;
		this.frames += 1;
		this.#seen();
		this.#link.carried(session);
	}
}
