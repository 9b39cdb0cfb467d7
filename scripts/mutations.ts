/** One deliberate fault: `find` stands exactly once in `file`. */
export interface Mutation {
	file: string;
	find: string;
	replace: string;
	/** The test file that must turn red, and a part of the test's name where the file is long. */
	test: string;
	name?: string;
	/** What would go wrong for a person. */
	why: string;
}

const WIRE = "wire/moq/wire.test.ts";
const FEED = "agent/publish/feed.test.ts";
const BROADCAST = "agent/publish/broadcast.test.ts";

/** The list of `npm run break`. */
export const MUTATIONS: readonly Mutation[] = [
	{
		file: "wire/moq/varint.ts",
		find: "value < 0x4000)",
		replace: "value <= 0x4000)",
		test: WIRE,
		why: "one varint is written a byte short",
	},
	{
		file: "wire/moq/varint.ts",
		find: "if (value > MAX_VARINT)",
		replace: "if (false)",
		test: WIRE,
		why: "numbers lose precision silently",
	},
	{
		file: "wire/moq/bytes.ts",
		find: "if (this.remaining > 0)",
		replace: "if (false)",
		test: WIRE,
		why: "bytes after a message are ignored",
	},
	{
		file: "wire/moq/bytes.ts",
		find: "fatal: true",
		replace: "fatal: false",
		test: WIRE,
		why: "two names merge into one",
	},
	{
		file: "wire/moq/bytes.ts",
		find: "if (read.value > maxBytes)",
		replace: "if (false)",
		test: WIRE,
		why: "a peer makes us hold any amount",
	},
	{
		file: "wire/moq/setup.ts",
		find: "u16(bytes.length)",
		replace: "varint(bytes.length)",
		test: WIRE,
		why: "no foreign peer understands the handshake",
	},
	{
		file: "wire/moq/announce.ts",
		find: "if (status > 1)",
		replace: "if (status > 2)",
		test: WIRE,
		why: "an odd status passes",
	},
	{
		file: "wire/moq/announce.ts",
		find: "if (count > MAX_ANNOUNCED)",
		replace: "if (false)",
		test: WIRE,
		why: "announcements are unbounded",
	},
	{
		file: "wire/moq/group.ts",
		find: "if (this.#incoming.length > 0)",
		replace: "if (false)",
		test: WIRE,
		why: "a cut-off frame passes for an end",
	},
	{
		file: "wire/moq/path.ts",
		find: "/`) ? path.slice",
		replace: "`) ? path.slice",
		test: WIRE,
		why: "camera ab is seen by who may see camera a",
	},
	{
		file: "wire/catalog.ts",
		find: "if (bytes.length > MAX_CATALOG_BYTES) return",
		replace: "if (false) return",
		test: "wire/catalog.test.ts",
		why: "a catalog of any size is parsed",
	},
	{
		file: "wire/relay-tracks.ts",
		find: ") / 2;",
		replace: ");",
		test: "wire/catalog.test.ts",
		why: "the age of the picture lies",
	},
	{
		file: "agent/publish/feed.ts",
		find: "this.#groups.length >= MAX_OPEN_GROUPS",
		replace: "false",
		test: FEED,
		why: "delay grows without end on a slow uplink",
	},
	{
		file: "agent/publish/feed.ts",
		find: "queued > MAX_QUEUE_BYTES",
		replace: "queued >= MAX_QUEUE_BYTES",
		test: FEED,
		why: "the queue's limit is off by one",
	},
	{
		file: "agent/publish/gop.ts",
		find: "this.#units.length === 0 && !this.#overflowed",
		replace: "false",
		test: FEED,
		why: "a viewer starts at a picture that cannot decode",
	},
	{
		file: "agent/publish/gop.ts",
		find: "> MAX_GOP_FRAMES",
		replace: "> MAX_GOP_FRAMES + 1",
		test: FEED,
		why: "the GOP cap is off by one",
	},
	{
		file: "agent/publish/lane.ts",
		find: "if (this.#ready) return;",
		replace: "",
		test: BROADCAST,
		why: "a camera that is to be ready is let go",
	},
	{
		file: "agent/publish/broadcast.ts",
		find: "sub?.want(sub.feeds.size > 0 || (asked && sub.tracks === undefined));",
		replace: "sub?.want(asked);",
		test: BROADCAST,
		why: "a stream is read that nobody sees",
	},
	{
		file: "agent/publish/stream-reports.ts",
		find: "if (!this.#isPassing(error)) continue;",
		replace: "",
		test: "agent/publish/stream-reports.test.ts",
		why: "what the service refused is sent to it for ever",
	},
	{
		file: "web/src/watch/catalog.ts",
		find: "Number(failed(catalog, a)) - Number(failed(catalog, b)) ||",
		replace: "",
		test: "web/src/watch/catalog.test.ts",
		why: "a stream of which nothing comes is chosen before one that works",
	},
	{
		file: "agent/publish/broadcast.ts",
		find: "feeds.delete(feed);",
		replace: "",
		test: BROADCAST,
		why: "media leaves the house though nobody looks",
	},
	{
		file: "agent/publish/broadcast.ts",
		find: "track === Track.audio && this.#sound",
		replace: "track === Track.audio",
		test: BROADCAST,
		why: "sound is sent without the owner's word",
	},
	{
		file: "agent/publish/lane.ts",
		find: 'if (state.code !== "live") this.#gop.clear();',
		replace: "",
		test: BROADCAST,
		why: "an old picture is shown as live",
	},
	{
		file: "agent/publish/broadcast.ts",
		find: "for (const listener of this.#subscriptionsTo(Track.audio)) void listener.end();",
		replace: "",
		test: BROADCAST,
		why: "a sound group stays open after sound was switched off",
	},
	{
		file: "agent/secrets/file.ts",
		find: "0o600",
		replace: "0o644",
		test: "agent/secrets/state.test.ts",
		why: "others on the machine read the agent's keys",
	},
	{
		file: "agent/config.ts",
		find: "!loopback",
		replace: "false",
		test: "agent/secrets/state.test.ts",
		why: "the agent talks in clear over the internet",
	},
	{
		file: "wire/signed.ts",
		find: "return valid ? parse(parts.json, schema)",
		replace: "return true ? parse(parts.json, schema)",
		test: "wire/statements.test.ts",
		why: "anybody commands the agent",
	},
	{
		file: "wire/seal.ts",
		find: "camera}`)",
		replace: "agent}`)",
		test: "wire/statements.test.ts",
		why: "a sealed address can be moved to another camera",
	},
	{
		file: "wire/enrolment.ts",
		find: "fingerprint, deviceSignKey, deviceSealKey]));",
		replace: "fingerprint, deviceSealKey]));",
		test: "wire/statements.test.ts",
		why: "the cloud swaps the owner's key",
	},
	{
		file: "agent/pairing/commands.ts",
		find: "command.counter <= device.counter",
		replace: "command.counter < device.counter",
		test: "agent/pairing/commands.test.ts",
		why: "a command can be replayed",
	},
	{
		file: "agent/pairing/commands.ts",
		find: "command.agent !== enrolment.agentId",
		replace: "false",
		test: "agent/pairing/commands.test.ts",
		why: "a command for another agent is obeyed",
	},
	{
		file: "worker/sessions/sessions.ts",
		find: 'values.length > 1 ? "odd" : values[0]',
		replace: "values[0]",
		test: "worker/sessions/sessions.test.ts",
		why: "an attacker's cookie comes first",
	},
	{
		file: "worker/passwords/passwords.ts",
		find: "valid: boolean; outdated: boolean }> {",
		replace: "valid: boolean; outdated: boolean }> {\n\t\tif (hash) return { valid: true, outdated: false };",
		test: "worker/sessions/sessions.test.ts",
		why: "any password opens any account",
	},
	{
		file: "worker/store/file-database.ts",
		find: '"PRAGMA secure_delete = ON",',
		replace: "",
		test: "worker/store/database.test.ts",
		why: "erased text stays in the file",
	},
	{
		file: "worker/data-map/map.ts",
		find: "			full_name: by(",
		replace: "			nick_name: by(",
		test: "worker/store/database.test.ts",
		why: "a column holds data that nobody declared",
	},
	{
		file: "transport/http3/session.ts",
		find: 'if (this.#writing) return Promise.reject(new TypeError("a write is in flight on this stream"));',
		replace: "",
		test: "transport/http3/http3.test.ts",
		why: "writes are reordered inside the addon",
	},
	{
		file: "relay/revocations.ts",
		find: "iat <= revoked.iat",
		replace: "iat < revoked.iat",
		test: "relay/admission.test.ts",
		why: "a picture goes on after sign-out",
	},
];
