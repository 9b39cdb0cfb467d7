import type { CameraState } from "@mivisus/wire/catalog";
import type { CameraAccess } from "@mivisus/wire/signed";
import { Backoff } from "./backoff.ts";
import { machineClock } from "./clock.ts";
import { Reception, type ReceptionListener } from "./codecs/reception.ts";
import { type Relocate, Whereabouts } from "./discovery/whereabouts.ts";
import type { BroadcastClock, MediaListener, MediaSource } from "./publish/media.ts";
import { CameraError, type CameraFaultCode } from "./rtsp/errors.ts";
import { Habits } from "./rtsp/habits.ts";
import { SILENCE_MS } from "./rtsp/limits.ts";
import { type MediaKind, RtspSession, type TransportKind } from "./rtsp/session.ts";
import type { Trace } from "./rtsp/trace.ts";
import { Secret } from "./rtsp/url.ts";

/** How often silence and late packets are looked for, ms. */
const TICK_MS = 250;
/** A session that lived so long was a good one: the next failure waits shortly again, ms. */
const GOOD_SESSION_MS = 10_000;
/**
 * Waits between tries. A wrong password waits long, because cameras lock out whoever tries on, some for half an hour
 * after a handful of tries (evercam-server#91). One that is away is looked for often enough that its picture is back
 * within 10 s, a lost first packet of a connection and a key frame interval included.
 */
const WAITS: Record<CameraFaultCode, { baseMs: number; capMs: number }> = {
	"camera-unreachable": { baseMs: 250, capMs: 5_000 },
	"camera-refused": { baseMs: 60_000, capMs: 600_000 },
	"stream-unsupported": { baseMs: 30_000, capMs: 300_000 },
};
/** Which transports are tried, in which order. */
const TRANSPORTS = { tcp: ["tcp"], udp: ["udp", "tcp"], auto: ["tcp", "udp"] } as const;

/** What the camera tells the log: states and counts, never an address, never a password. */
export interface CameraLog {
	info(fields: Record<string, unknown>, message: string): void;
	warn(fields: Record<string, unknown>, message: string): void;
}
export interface CameraSourceOptions {
	access: CameraAccess;
	/** `tcp` alone; `udp` first and TCP where nothing comes; `auto`: TCP first and UDP where TCP is refused. */
	transport: "auto" | "tcp" | "udp";
	clock: BroadcastClock;
	log: CameraLog;
	/** Hears each step of each dialogue, for the owner's own eyes: it shows the camera's address, never a credential. */
	trace?: Trace;
	/** Looks for the camera in the house when it cannot be reached where its owner said. */
	relocate?: Relocate | undefined;
	/** 0..1, for the jitter of the waits; a test may hold it still. */
	random?: () => number;
}

/** The same camera on the machine's own clock. */
export function cameraSource(
	access: CameraAccess,
	transport: "auto" | "tcp" | "udp",
	log: CameraLog,
	relocate?: Relocate,
): MediaSource {
	return new CameraSource({ access, transport, log, relocate, clock: machineClock });
}

/**
 * One RTSP camera as a source of media. It comes back by itself after any failure until it is stopped. Timestamps are the
 * agent's wall clock and strictly increase for each kind over all its sessions.
 */
export class CameraSource implements MediaSource {
	#options: CameraSourceOptions;
	#whereabouts: Whereabouts;
	#listener: MediaListener | undefined;
	#running: { abort: AbortController; done: Promise<void> } | undefined;
	#state: CameraState | undefined;
	#waits: Record<CameraFaultCode, Backoff>;
	/** The transport that gave packets last time. */
	#worked: TransportKind | undefined;
	#habits = new Habits();
	#lastUs: Record<MediaKind, number> = { video: 0, audio: 0 };

	constructor(options: CameraSourceOptions) {
		this.#options = options;
		const { url, user, password } = options.access;
		const given = { ...url, user, password: password === undefined ? undefined : new Secret(password) };
		this.#whereabouts = new Whereabouts({ given, relocate: options.relocate, clock: options.clock });
		const random = options.random ?? Math.random;
		const wait = (code: CameraFaultCode) => new Backoff({ ...WAITS[code], random });
		this.#waits = {
			"camera-unreachable": wait("camera-unreachable"),
			"camera-refused": wait("camera-refused"),
			"stream-unsupported": wait("stream-unsupported"),
		};
	}
	/** Begins to read; everything is told to `listener` until {@link stop}. */
	start(listener: MediaListener): void {
		if (this.#running) throw new Error("this camera is running already");
		this.#listener = listener;
		this.#state = undefined;
		const abort = new AbortController();
		this.#running = { abort, done: this.#run(abort.signal) };
	}
	/** Ends the camera's session cleanly; nothing is told any more, from the call on. */
	async stop(): Promise<void> {
		const running = this.#running;
		this.#running = undefined;
		this.#listener = undefined;
		running?.abort.abort();
		await running?.done;
	}
	async #run(signal: AbortSignal): Promise<void> {
		this.#tell("waiting");
		while (!signal.aborted) {
			const error = await this.#round(signal);
			if (signal.aborted) return;
			const words = wordsOf(error);
			this.#options.log.warn({ state: error.code }, words);
			this.#tell(error.code, words);
			if (await this.#whereabouts.failed(error.code, signal)) {
				this.#options.log.info({}, "the camera was found again at another address of the house");
				this.#waits[error.code].reset();
			}
			await this.#wait(this.#waits[error.code].next(), signal);
		}
	}
	/** Tries the transports one after another, each with a dialogue of its own (R04), until one gave packets. */
	async #round(signal: AbortSignal): Promise<CameraError> {
		// What is encrypted comes inside the connection: datagrams would need SRTP.
		const all: readonly TransportKind[] =
			TRANSPORTS[this.#whereabouts.access.scheme === "rtsps" ? "tcp" : this.#options.transport];
		const order = all.toSorted((a, b) => Number(b === this.#worked) - Number(a === this.#worked));
		let first: CameraError | undefined;
		for (const transport of order) {
			let outcome = await this.#session(transport, signal);
			if (outcome.leftOut && !outcome.gavePackets && !signal.aborted) {
				this.#habits.everyTrack = true;
				this.#tell("waiting", "The camera sends nothing yet. It is asked for all of its tracks.");
				outcome = await this.#session(transport, signal);
				if (!outcome.gavePackets) this.#habits.everyTrack = false;
			}
			const { error, gavePackets, livedMs } = outcome;
			if (livedMs >= GOOD_SESSION_MS) for (const wait of Object.values(this.#waits)) wait.reset();
			if (gavePackets) this.#worked = transport;
			else if (this.#worked === transport) this.#worked = undefined;
			first ??= error;
			if (gavePackets || !error.tryOtherTransport || signal.aborted) return error;
			if (transport !== order.at(-1))
				this.#tell("waiting", "The camera sends nothing yet. It is asked for another transport.");
		}
		return first ?? new CameraError("camera-unreachable", "The camera does not answer.");
	}
	async #session(transport: TransportKind, signal: AbortSignal) {
		const { clock, log } = this.#options;
		let reception: Reception | undefined;
		let silentTicks = 0;
		let cancelTick = () => {};
		const since = clock.now();
		let agreed: RtspSession | undefined;
		const done = (error: CameraError) => ({
			error,
			/** The camera agreed to send, and may wait for a track that nobody set up. */
			leftOut: agreed?.leftOut ?? false,
			gavePackets: (reception?.packets ?? 0) > 0,
			livedMs: reception?.live ? clock.now() - since : 0,
		});
		let broken: (error: CameraError) => void = () => {};
		const unreadable = new Promise<CameraError>((resolve) => {
			broken = resolve;
		});
		/** Whatever a camera sends may cost its own picture only: an exception here would end every camera of the agent. */
		const guarded = (work: () => void) => {
			try {
				work();
			} catch (error) {
				broken(this.#notReadable(error));
			}
		};
		let session: RtspSession;
		try {
			session = await RtspSession.open(
				{
					access: this.#whereabouts.access,
					certificate: this.#options.access.certificate,
					transport,
					clock,
					habits: this.#habits,
					trace: this.#options.trace,
					onMedia: (video, audio) => {
						reception = new Reception({ video, audio, transport, clock, lastUs: this.#lastUs, tell: this.#telling() });
					},
					onPacket: (kind, data) => {
						// What still comes of a session that is being ended is not of the next one.
						if (signal.aborted) return;
						silentTicks = 0;
						guarded(() => reception?.packet(kind, data));
					},
					onReport: (kind, data) => guarded(() => reception?.report(kind, data)),
					onLost: () => reception?.lost(),
					isExpected: (kind, head) => reception?.expects(kind, head) ?? false,
				},
				signal,
			);
		} catch (error) {
			return done(error instanceof CameraError ? error : this.#notReadable(error));
		}
		agreed = session;
		log.info({ transport }, "the camera agreed to send");
		const silence = new Promise<CameraError>((resolve) => {
			// Ticks are counted, not times compared: the wall clock may be set at any moment.
			const tick = () => {
				silentTicks += 1;
				guarded(() => reception?.expire());
				if (silentTicks * TICK_MS < SILENCE_MS) cancelTick = clock.after(TICK_MS, tick);
				else resolve(new CameraError("camera-unreachable", "The camera sends nothing.", { tryOtherTransport: true }));
			};
			cancelTick = clock.after(TICK_MS, tick);
		});
		const stopped = new Promise<CameraError>((resolve) => {
			const onAbort = () => resolve(new CameraError("camera-unreachable", "Stopped."));
			signal.addEventListener("abort", onAbort, { once: true });
			if (signal.aborted) onAbort();
		});
		const error = await Promise.race([session.ended, silence, stopped, unreadable]);
		cancelTick();
		await session.close({ byCamera: !signal.aborted });
		return done(error);
	}
	/** A fault of ours that a camera brought out. The log says where; the error's words may quote the camera. */
	#notReadable(error: unknown): CameraError {
		const { name, stack } = error as Error;
		this.#options.log.warn({ name, at: stack?.split("\n")[1]?.trim() }, "reading a camera failed");
		return new CameraError("stream-unsupported", "What the camera sends cannot be read.");
	}
	#telling(): ReceptionListener {
		return {
			tracks: (tracks) => this.#listener?.tracks(tracks),
			unit: (kind, unit) => {
				this.#lastUs[kind] = unit.timestampUs;
				this.#whereabouts.reached();
				if (kind === "video") this.#tell("live");
				this.#listener?.unit(kind, unit);
			},
			waiting: () => this.#tell("waiting", "Waiting for a key frame of the camera."),
		};
	}
	#tell(code: CameraState["code"], detail?: string): void {
		if (this.#state?.code === code && this.#state.detail === detail) return;
		const sinceMs = this.#state?.code === code ? this.#state.sinceMs : this.#options.clock.now();
		this.#state = detail === undefined ? { code, sinceMs } : { code, sinceMs, detail: detail.slice(0, 300) };
		this.#listener?.state(this.#state);
	}
	#wait(ms: number, signal: AbortSignal): Promise<void> {
		return new Promise((resolve) => {
			const done = () => {
				cancel();
				signal.removeEventListener("abort", done);
				resolve();
			};
			const cancel = this.#options.clock.after(ms, done);
			signal.addEventListener("abort", done);
			if (signal.aborted) done();
		});
	}
}

/** The reason as the owner reads it: with the fingerprint that is to be compared, in pairs as cameras show it. */
function wordsOf({ message, certificate }: CameraError): string {
	return certificate === undefined
		? message
		: `${message} SHA-256: ${certificate.toUpperCase().replace(/(..)(?!$)/g, "$1:")}`;
}
