import { Media, type Peer, rtp, type Script, SSRC } from "../scripted.ts";
import { type Behaviour, MIB, named } from "./behaviour.ts";
import { frame } from "./replies.ts";

const many = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));
/** Chance that is the same in each run. */
function chance(seed: number): () => number {
	let state = seed;
	return () => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return state / 2 ** 32;
	};
}
const u16 = (value: number) => [value >> 8, value & 0xff];
/** Plays a few good pictures, then what `after` does. */
const then = (after: (peer: Peer) => void): Script => ({
	play: (peer) => {
		peer.frames(peer.media.gop(5));
		after(peer);
	},
});
/** Plays packets of one media, each made from its number. */
const packets = (count: number, make: (n: number) => Buffer): Script => ({
	play: (peer) => peer.frames(many(count, make)),
});
const payloads = (count: number, make: (n: number) => number[] | Buffer): Script =>
	packets(count, (n) => rtp(96, n, n * 3600, SSRC, Buffer.from(make(n))));
const header = (first: number, rest = 40): Script =>
	packets(50, (n) => {
		const packet = rtp(96, n, 0, SSRC, Buffer.alloc(rest, 0xff));
		packet[0] = first;
		return packet;
	});
const reports = (data: Buffer, count = 1000): Script =>
	then((peer) => peer.send(Buffer.concat(many(count, () => frame(1, data)))));
const SPS = Buffer.from("6742c00ad9047b011000000300100000030320f1226480", "hex");

/** Hostile media inside the connection. */
const INSIDE: Record<string, Script> = {
	silence: { play: () => {} },
	"silence after a few pictures": then(() => {}),
	"empty frames without an end": then((peer) => void peer.flood(Buffer.from([0x24, 0, 0, 0]), 2 * MIB)),
	"frames of 64 KiB that are no RTP": then(
		(peer) => void peer.flood(Buffer.concat([Buffer.from([0x24, 0, 0xff, 0xff]), Buffer.alloc(65_535)]), 8 * MIB),
	),
	"a frame that never ends": then((peer) => void peer.drip(frame(0, Buffer.alloc(2000, 0x80)), 20)),
	"one byte for each segment": then(
		(peer) => void peer.drip(Buffer.concat(peer.media.pictures(5).map((p) => frame(0, p))), 0),
	),
	"junk between all frames": then((peer) => {
		for (const packet of peer.media.pictures(50)) peer.send(Buffer.concat([Buffer.from("junk$\0"), frame(0, packet)]));
	}),
	"8 MiB of junk": then((peer) => void peer.flood(Buffer.alloc(65_536, 7), 8 * MIB)),
	"random bytes": then((peer) => {
		const next = chance(1);
		void peer.flood(Buffer.from(many(65_536, () => Math.floor(next() * 256))), 8 * MIB);
	}),
	"frames on channels of nobody": then((peer) => void peer.flood(frame(200, peer.media.pictures(1)[0]!), 4 * MIB)),
	"RTP version 0": header(0x00),
	"RTP version 3": header(0xc0),
	"15 contributors that are not there": header(0x8f, 8),
	"an extension longer than the packet": header(0x90),
	"more padding than packet": header(0xa0),
	"another payload type for ever": then(
		(peer) => void peer.flood(frame(0, rtp(50, 7, 0, SSRC, Buffer.alloc(100))), 4 * MIB),
	),
	"a new sender with each packet": packets(2000, (n) =>
		rtp(96, n, n * 3600, n * 7919, Buffer.from([0x65, 0xb8, n & 0xff])),
	),
	"two senders by turns": packets(500, (n) => rtp(96, n >> 1, n * 1800, n % 2, Buffer.from([0x65, 0xb8, n & 0xff]))),
	"random sequence numbers": packets(3000, (n) =>
		rtp(96, (n * 40_503) & 0xffff, n * 3600, SSRC, Buffer.from([0x41, 0xe1, 1])),
	),
	"one sequence number for ever": packets(3000, (n) => rtp(96, 5, n * 3600, SSRC, Buffer.from([0x41, 0xe1, 1]))),
	"sequence numbers that count down": packets(3000, (n) =>
		rtp(96, 65_535 - n, n * 3600, SSRC, Buffer.from([0x41, 0xe1, 1])),
	),
	"a clock that jumps by half its range": {
		play: (peer) => peer.frames(peer.media.gop(40).map((packet, n) => stamped(packet, n % 2 ? 2 ** 31 : 0))),
	},
	"a clock that stands still": { play: (peer) => peer.frames(peer.media.gop(200).map((packet) => stamped(packet, 7))) },
	"a clock that runs backwards": {
		play: (peer) => peer.frames(peer.media.gop(200).map((packet, n) => stamped(packet, 2 ** 31 - n * 3600))),
	},
	"a clock of chance": {
		play: (peer) => {
			const next = chance(2);
			peer.frames(peer.media.gop(500).map((packet) => stamped(packet, Math.floor(next() * 2 ** 32))));
		},
	},
	"a fragment that never ends": {
		play: (peer) => {
			const piece = (n: number) =>
				rtp(96, n, 0, SSRC, Buffer.concat([Buffer.from([0x7c, n ? 0x05 : 0x85]), Buffer.alloc(1400, 1)]));
			void peer.flood(Buffer.concat(many(65_536 / 16, (n) => frame(0, piece(n)))), 24 * MIB);
		},
	},
	"fragments without a beginning": payloads(500, () => [0x7c, 0x05, 1, 2, 3]),
	"fragments that only begin": payloads(500, () => [0x7c, 0x85, 1, 2, 3]),
	"fragments of nothing": payloads(500, (n) => (n % 2 ? [0x7c] : [0x7c, 0x85])),
	"aggregates with lying lengths": payloads(500, (n) => [0x78, ...u16(n * 131), 1, 2, 3]),
	"aggregates of empty units": payloads(500, () => [0x78, ...many(400, () => 0)]),
	"aggregates of aggregates": payloads(500, () => [0x78, 0, 5, 0x78, 0, 2, 0x78, 0]),
	"units of unknown types": payloads(500, (n) => [n & 0x1f, 1, 2, 3]),
	"the forbidden bit": payloads(100, () => [0xe5, 0xb8, 1]),
	"packets without payload": payloads(1000, () => []),
	"nothing but start codes": payloads(200, () => many(1200, (n) => (n % 4 === 3 ? 1 : 0))),
	"zeros as slices": payloads(200, () => [0x65, ...many(1000, () => 0)]),
	"an SPS of chance with each picture": payloads(600, (n) => {
		const next = chance(n);
		return n % 2 ? [0x65, 0xb8] : [0x67, ...many(30, () => Math.floor(next() * 256))];
	}),
	"an SPS that grows": payloads(300, (n) => Buffer.concat([SPS, Buffer.alloc(n * 4, 0x55)])),
	"a PPS of 60 KB": payloads(5, (n) => (n ? Buffer.alloc(60_000, 0x68) : SPS)),
	"a picture over 4 MiB": {
		play: (peer) => {
			peer.frames(peer.media.gop(2));
			const slice = (n: number) =>
				rtp(96, 100 + n, 90_000, SSRC, Buffer.concat([Buffer.from([0x41, n ? 0x01 : 0xe1]), Buffer.alloc(60_000, n)]));
			peer.frames(many(100, slice));
		},
	},
	"ten thousand slices to a picture": payloads(10_000, (n) => [0x41, n ? 0x01 : 0xe1, 5]),
	"key frames without an end": {
		play: (peer) =>
			void peer.flood(
				Buffer.concat(
					many(40, () => peer.media.gop(1))
						.flat()
						.map((p) => frame(0, p)),
				),
				6 * MIB,
			),
	},
	"reports whose lengths lie": reports(Buffer.from("80c8ffff0000000100000000", "hex")),
	"reports of length 0": reports(Buffer.from("80c80000", "hex")),
	"a report at the end of time": reports(Buffer.from(`80c80006${"00005eed"}${"ff".repeat(20)}`, "hex")),
	"a report before 1970": reports(Buffer.from(`80c80006${"00005eed"}0000000100000000${"00".repeat(12)}`, "hex")),
	"reports of another sender": reports(Buffer.from(`80c80006${"0badf00d"}${"7f".repeat(20)}`, "hex")),
	"ten thousand goodbyes": reports(Buffer.from("81cb000100005eed", "hex"), 10_000),
	"pictures and no reading": then((peer) => {
		peer.deafen();
		void peer.flood(Buffer.from(`OPTIONS * RTSP/1.0\r\nCSeq: ${"9".repeat(8000)}\r\n\r\n`), 64 * MIB);
	}),
	"half a picture, then a reset": then((peer) => {
		peer.send(frame(0, peer.media.pictures(1)[0]!).subarray(0, 20));
		peer.reset();
	}),
};

/** Hostile media by datagrams. */
const DATAGRAMS: Record<string, Script> = {
	silence: { play: () => {} },
	"empty ones": { play: (peer) => peer.datagrams(many(500, () => Buffer.alloc(0))) },
	"the largest there are": { play: (peer) => peer.datagrams(many(50, () => Buffer.alloc(65_507, 0x80))) },
	"random ones": {
		play: (peer) => {
			const next = chance(3);
			peer.datagrams(many(500, () => Buffer.from(many(Math.floor(next() * 1400), () => Math.floor(next() * 256)))));
		},
	},
	"all in the wrong order": { play: (peer) => peer.datagrams(peer.media.gop(300).toReversed()) },
	"each a hundred times": {
		play: (peer) => peer.datagrams(peer.media.gop(20).flatMap((packet) => many(100, () => packet))),
	},
	"every third is missing": { play: (peer) => peer.datagrams(peer.media.gop(300).filter((_, n) => n % 3)) },
	"pictures of two senders": {
		play: (peer) => {
			const other = new Media(1).gop(100);
			peer.datagrams(peer.media.gop(100).flatMap((packet, n) => [packet, other[n]!]));
		},
	},
	"numbers far ahead": {
		play: (peer) => peer.datagrams(many(2000, (n) => rtp(96, n * 3001, n, SSRC, Buffer.from([0x41, 1])))),
	},
};

function stamped(packet: Buffer, timestamp: number): Buffer {
	packet.writeUInt32BE(timestamp >>> 0, 4);
	return packet;
}

export const STREAMS: Behaviour[] = [...named("stream", INSIDE), ...named("datagrams", DATAGRAMS, "udp")];
