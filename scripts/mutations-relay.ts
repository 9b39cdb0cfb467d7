import type { Mutation } from "./mutations.ts";

const FUZZ = "relay/fuzz.test.ts";
const BAD = "relay/bad-input.test.ts";
const PEER = "transport/moq/peer.test.ts";
const SLOW = "test/fault/slow-sessions.test.ts";
const TCP = "transport/tcp/tcp.test.ts";

/** Faults of the relay that only misbehaving peers bring to light. */
export const RELAY_MUTATIONS: readonly Mutation[] = [
	{
		file: "transport/moq/peer.ts",
		find: "			this.#refuse(stream, error);\n			subscription.settle();",
		replace: "			subscription.settle();",
		test: FUZZ,
		name: "messages by way of",
		why: "each refusal stays in the relay's memory as long as its session",
	},
	{
		file: "transport/moq/peer.ts",
		find: "await Promise.race([listen(), stream.closed]);",
		replace: "await listen();",
		test: PEER,
		name: "who refuses stops reading, too",
		why: "a refused viewer keeps its stream open at the relay",
	},
	{
		file: "transport/moq/peer.ts",
		find: "if (this.#incomingIds.has(request.id))",
		replace: "if (false)",
		test: BAD,
		name: "a subscribe id that is in use",
		why: "two tracks are mixed up",
	},
	{
		file: "transport/moq/peer.ts",
		find: "if (this.#late > MAX_LATE_STREAMS)",
		replace: "if (false)",
		test: PEER,
		name: "streams that say nothing whole are stopped",
		why: "half-open streams pile up",
	},
	{
		file: "transport/moq/peer.ts",
		find: "		return within(LATE_MS, work, () => {",
		replace: "		return within(undefined, work, () => {",
		test: PEER,
		name: "streams that say nothing whole are stopped",
		why: "a byte each five seconds holds a stream for ever",
	},
	{
		file: "transport/tcp/session.ts",
		find: "if (this.#controlBytes > MAX_WAITING_CONTROL_BYTES)",
		replace: "if (false)",
		test: TCP,
		name: "R4: a peer that asks and never reads the answers",
		why: "a peer fills the relay's memory with answers that it does not read",
	},
	{
		file: "transport/tcp/halves.ts",
		find: "	data.length < data.buffer.byteLength / MAX_KEPT_RATIO ? new Uint8Array(data) : data;",
		replace: "	data;",
		test: TCP,
		name: "a few bytes in a large record",
		why: "single bytes hold sixty thousand each",
	},
	{
		file: "transport/tcp/halves.ts",
		find: "if (this.#chunks.length >= MAX_CHUNKS)",
		replace: "if (false)",
		test: TCP,
		name: "a few bytes in a large record",
		why: "single bytes cost an object each",
	},
	{
		file: "relay/broadcast.ts",
		find: "sequence < this.#newest - REMEMBERED) return false;",
		replace: "false) return false;",
		test: BAD,
		name: "groups that are repeated or far too late",
		why: "a group comes twice",
	},
	{
		file: "relay/session.ts",
		find: "if (utf8.encode(name).length > MAX_PATH_BYTES)",
		replace: "if (false)",
		test: BAD,
		name: "an announcement whose whole name no message can carry",
		why: "one camera's name ends the announcements of everybody who may see it",
	},
	{
		file: "relay/tcp.ts",
		find: "	connectionsCheckingInterval: TICK_MS,\n",
		replace: "",
		test: SLOW,
		why: "half a request holds a connection for half a minute",
	},
	{
		file: "relay/tcp.ts",
		find: "	handshakeTimeout: HANDSHAKE_MS,\n",
		replace: "",
		test: SLOW,
		why: "half a TLS handshake holds a connection for two minutes",
	},
	{
		file: "relay/session.ts",
		find: "await this.#taken(this.#liveness.serveClock(subscription));",
		replace: "await this.#liveness.serveClock(subscription);",
		test: "relay/session.test.ts",
		name: "and does not take the answer is cut",
		why: "a session that takes nothing stays",
	},
	{
		file: "relay/session.ts",
		find: "		await this.#taken(subscription.accept());",
		replace: "		await subscription.accept();",
		test: "relay/session.test.ts",
		name: "and does not take the answer is cut",
		why: "a camera's stream is held for nobody",
	},
	{
		file: "relay/session.ts",
		find: "if (this.#liveness.stalled) return true;",
		replace: "",
		test: "relay/session.test.ts",
		name: "R3: that asks for the clock and does not read it",
		why: "a session that reads nothing stays",
	},
];
