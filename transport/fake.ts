import type { BidiStream, CloseInfo, RecvStream, SendStream, Session, SessionRequest, SessionServer } from "./port.ts";
import { StreamError } from "./port.ts";

/**
 * An in-process transport, stricter than reality: it copies what is written, hands it out in pieces of odd sizes, makes a
 * writer wait after few bytes, and refuses what real backends merely punish later.
 */
export interface FakeOptions {
	/** Seed of the splitter; the same seed cuts the same way. */
	seed?: number;
	/** Bytes one stream buffers before `write` waits. */
	bufferBytes?: number;
}

/** A small generator with a fixed seed (mulberry32): tests must fail the same way twice. */
function seeded(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let t = Math.imul(state ^ (state >>> 15), 1 | state);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
}

/** One direction: what one side writes, the other reads. */
class Pipe {
	#chunks: Uint8Array[] = [];
	#buffered = 0;
	#finished = false;
	#failure: StreamError | undefined;
	#stopped: StreamError | undefined;
	#wakeReader: (() => void) | undefined;
	#wakeWriter: (() => void) | undefined;
	#writing = false;
	#reading = false;
	#limit: number;
	#random: () => number;
	#onOver: (pipe: Pipe) => void;

	/** `onOver`: nothing more will come out of it. */
	constructor(limit: number, random: () => number, onOver: (pipe: Pipe) => void) {
		this.#limit = limit;
		this.#random = random;
		this.#onOver = onOver;
	}
	readonly send: SendStream = {
		write: (bytes) => this.#write(bytes),
		finish: async () => {
			if (this.#writing) throw new TypeError("finish while a write is in flight");
			if (this.#stopped) throw this.#stopped;
			this.#finished = true;
			this.#wakeReader?.();
		},
		reset: (code) => {
			if (this.#finished && this.#buffered === 0) return;
			this.fail(new StreamError("reset", code));
		},
		setPriority: () => {},
	};
	readonly recv: RecvStream = {
		read: () => this.#read(),
		stop: (code) => {
			this.#stopped ??= new StreamError("stopped", code);
			this.#chunks = [];
			this.#buffered = 0;
			this.#wakeWriter?.();
		},
	};
	fail(error: StreamError): void {
		this.#failure ??= error;
		this.#stopped ??= error;
		this.#chunks = [];
		this.#buffered = 0;
		this.#wakeReader?.();
		this.#wakeWriter?.();
		this.#onOver(this);
	}
	async #write(bytes: Uint8Array): Promise<void> {
		if (this.#writing) throw new TypeError("a write is in flight on this stream");
		if (this.#finished) throw new TypeError("write after finish");
		if (this.#stopped) throw this.#stopped;
		this.#writing = true;
		try {
			if (bytes.length > 0) this.#chunks.push(bytes.slice());
			this.#buffered += bytes.length;
			this.#wakeReader?.();
			// Real backends take at least a turn; a caller that does not await must be found out here.
			await null;
			while (this.#buffered > this.#limit) {
				await new Promise<void>((resolve) => {
					this.#wakeWriter = resolve;
				});
				if (this.#stopped) throw this.#stopped;
			}
		} finally {
			this.#writing = false;
		}
	}
	async #read(): Promise<Uint8Array | null> {
		if (this.#reading) throw new TypeError("a read is in flight on this stream");
		this.#reading = true;
		try {
			for (;;) {
				if (this.#failure) throw this.#failure;
				const chunk = this.#chunks[0];
				if (chunk) {
					const length = 1 + Math.floor(this.#random() ** 3 * chunk.length);
					const piece = chunk.slice(0, length);
					if (length >= chunk.length) this.#chunks.shift();
					else this.#chunks[0] = chunk.subarray(length);
					this.#buffered -= piece.length;
					if (this.#buffered <= this.#limit) this.#wakeWriter?.();
					return piece;
				}
				if (this.#finished) {
					this.#onOver(this);
					return null;
				}
				await new Promise<void>((resolve) => {
					this.#wakeReader = resolve;
				});
			}
		} finally {
			this.#reading = false;
		}
	}
}

/** Values that one side offers and the other takes, until closed. */
class Inbox<T> {
	#values: T[] = [];
	#taker: ((value: T | null) => void) | undefined;
	#closed = false;
	push(value: T): void {
		if (this.#taker) this.#taker(value);
		else this.#values.push(value);
		this.#taker = undefined;
	}
	take(): Promise<T | null> {
		if (this.#taker) return Promise.reject(new TypeError("an accept is in flight"));
		const value = this.#values.shift();
		if (value !== undefined) return Promise.resolve(value);
		if (this.#closed) return Promise.resolve(null);
		return new Promise((resolve) => {
			this.#taker = resolve;
		});
	}
	close(): void {
		this.#closed = true;
		this.#values = [];
		this.#taker?.(null);
		this.#taker = undefined;
	}
}

/** What the two ends of a fake session share. */
interface Link {
	newPipe(): Pipe;
	close(info: CloseInfo): void;
	readonly closed: Promise<CloseInfo>;
	readonly over: () => boolean;
}

class FakeSession implements Session {
	readonly transport = "fake";
	readonly path: string;
	readonly query: URLSearchParams;
	readonly remoteAddress = undefined;
	readonly unis = new Inbox<RecvStream>();
	readonly bidis = new Inbox<BidiStream>();
	peer: FakeSession | undefined;
	#link: Link;

	constructor(url: URL, link: Link) {
		this.path = url.pathname;
		this.query = url.searchParams;
		this.#link = link;
		void link.closed.then(() => {
			this.unis.close();
			this.bidis.close();
		});
	}
	get closed(): Promise<CloseInfo> {
		return this.#link.closed;
	}
	async openUni(): Promise<SendStream> {
		this.#assertOpen();
		const pipe = this.#link.newPipe();
		this.peer?.unis.push(pipe.recv);
		return pipe.send;
	}
	async openBidi(): Promise<BidiStream> {
		this.#assertOpen();
		const [there, back] = [this.#link.newPipe(), this.#link.newPipe()];
		this.peer?.bidis.push({ send: back.send, recv: there.recv });
		return { send: there.send, recv: back.recv };
	}
	acceptUni(): Promise<RecvStream | null> {
		return this.unis.take();
	}
	acceptBidi(): Promise<BidiStream | null> {
		return this.bidis.take();
	}
	close(code: number, reason: string): void {
		this.#link.close({ code, reason });
	}
	#assertOpen(): void {
		if (this.#link.over()) throw new StreamError("session-closed");
	}
}

/** Two ends of one session: `client` connected to `url`, `server` accepted it. */
export function fakePair(
	url = new URL("https://fake.test/"),
	options: FakeOptions = {},
): { client: Session; server: Session } {
	const random = seeded(options.seed ?? 1);
	const pipes = new Set<Pipe>();
	let over = false;
	let resolveClosed: (info: CloseInfo) => void = () => {};
	const closed = new Promise<CloseInfo>((resolve) => {
		resolveClosed = resolve;
	});
	const link: Link = {
		newPipe: () => {
			const pipe = new Pipe(options.bufferBytes ?? 64, random, (over) => pipes.delete(over));
			pipes.add(pipe);
			return pipe;
		},
		close: (info) => {
			if (over) return;
			over = true;
			for (const pipe of [...pipes]) pipe.fail(new StreamError("session-closed"));
			resolveClosed(info);
		},
		closed,
		over: () => over,
	};
	const client = new FakeSession(url, link);
	const server = new FakeSession(url, link);
	client.peer = server;
	server.peer = client;
	return { client, server };
}

/** A listening fake: `connect` is what a client calls; it rejects when the server refuses. */
export class FakeServer implements SessionServer {
	readonly transport = "fake";
	readonly port = 0;
	#requests = new Inbox<SessionRequest>();
	#options: FakeOptions;
	constructor(options: FakeOptions = {}) {
		this.#options = options;
	}
	next(): Promise<SessionRequest | null> {
		return this.#requests.take();
	}
	close(): void {
		this.#requests.close();
	}
	connect(url: URL): Promise<Session> {
		return new Promise((resolve, reject) => {
			this.#requests.push({
				path: url.pathname,
				query: url.searchParams,
				remoteAddress: undefined,
				accept: async () => {
					const { client, server } = fakePair(url, this.#options);
					resolve(client);
					return server;
				},
				reject: async () => reject(new Error("the server refused the session")),
			});
		});
	}
}
