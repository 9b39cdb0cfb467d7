import { ANNOUNCE_STREAM, encodeAnnounce, encodeAnnounceInit, encodeAnnounceRequest } from "@mivisus/wire/moq/announce";
import { encodeFrame, encodeGroupHeader } from "@mivisus/wire/moq/group";
import { encodeClientSetup, encodeServerSetup, OFFERED_VERSIONS, Version } from "@mivisus/wire/moq/setup";
import { encodeSubscribe, encodeSubscribeUpdate, SUBSCRIBE_OK, SUBSCRIBE_STREAM } from "@mivisus/wire/moq/subscribe";
import { encodeVarint } from "@mivisus/wire/moq/varint";
import { below, mutate, oneOf, type Random } from "./mutate.ts";

/** Names that a hostile peer of the fuzz may use, its own among them. */
export type Names = readonly string[];

const TRACKS = ["video", "catalog.json", "clock", "report", "", "x".repeat(500)];
const SEQUENCES = [0, 1, 1, 2, 3, 40, 1000, 2 ** 32, Number.MAX_SAFE_INTEGER];
const ODD_NAMES = ["", "/", "../cam", "cam/..", "//cam//", ".relay", ".peer", ".peer/x", "cam", "é".repeat(300)];

const name = (random: Random, names: Names) => oneOf(random, random() < 0.7 ? names : ODD_NAMES);
const smallId = (random: Random) => (random() < 0.9 ? below(random, 6) : oneOf(random, SEQUENCES));
const subscribe = (random: Random, names: Names) => {
	const track = oneOf(random, TRACKS);
	return encodeSubscribe({
		id: smallId(random),
		broadcast: name(random, names),
		track,
		priority: below(random, 256),
	});
};
const update = (random: Random) => encodeSubscribeUpdate({ priority: below(random, 256) });
export const clientSetup = (parameters = 0) =>
	encodeClientSetup({
		versions: OFFERED_VERSIONS,
		parameters: Array.from({ length: parameters }, (_, n) => ({ id: 2 * n, value: n })),
	});

/** What a peer may say first on a stream that it opens, each in its valid form. */
const OPENINGS: readonly ((random: Random, names: Names) => readonly Uint8Array[])[] = [
	(random, names) => [encodeVarint(ANNOUNCE_STREAM), encodeAnnounceRequest({ prefix: name(random, names) })],
	(random, names) => [encodeVarint(SUBSCRIBE_STREAM), subscribe(random, names)],
	(random, names) => [encodeVarint(SUBSCRIBE_STREAM), subscribe(random, names), update(random), update(random)],
	(random) => [group(random)],
	(random) => [group(random)],
	(random) => [clientSetup(below(random, 4))],
	(random) => [encodeVarint(below(random, 70)), update(random)],
];
/** What it may answer on one that the relay opened. */
const ANSWERS: readonly ((random: Random, names: Names) => readonly Uint8Array[])[] = [
	() => [SUBSCRIBE_OK],
	() => [SUBSCRIBE_OK],
	() => [encodeAnnounceInit({ suffixes: [""] })],
	(random, names) => [
		encodeAnnounceInit({ suffixes: ["", name(random, names), name(random, names)] }),
		...Array.from({ length: below(random, 8) }, () =>
			encodeAnnounce({ active: random() < 0.6, suffix: name(random, names) }),
		),
	],
	() => [encodeServerSetup({ version: Version.Lite02, parameters: [] })],
];

function group(random: Random): Uint8Array {
	const header = encodeGroupHeader({ subscribeId: smallId(random), sequence: oneOf(random, SEQUENCES) });
	const frames = Array.from({ length: below(random, 4) }, () =>
		encodeFrame(new Uint8Array(below(random, 200)).fill(7)),
	);
	return Buffer.concat([header, ...frames]);
}

/** Mostly mutated; the rest is valid, for what comes only after something valid. */
const broken = (random: Random, parts: readonly Uint8Array[]) => {
	const whole = Buffer.concat(parts);
	return random() < 0.7 ? mutate(random, whole) : whole;
};
export const opening = (random: Random, names: Names) => broken(random, oneOf(random, OPENINGS)(random, names));
export const answer = (random: Random, names: Names) => broken(random, oneOf(random, ANSWERS)(random, names));
